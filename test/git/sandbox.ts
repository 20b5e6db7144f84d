import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach } from 'vitest';
import { openRepository, type Repository } from '../../src/git/repository.ts';
import { addWorktree } from '../../src/git/worktree.ts';
import type { Worktree } from '../../src/git/worktree-list.ts';

/** Every test runs in a folder that has all in its name that a path may hold. */
const awkwardName = `it's a "repo"\n仓库 🚀 --x`;

export type Sandbox = {
  folder: string;
  root: string;
  env: Record<string, string>;
  repository: Repository;
  base: string;
  /** Plain git, as a user or a worker runs it. Answers with stdout, without its last line break. */
  git: (folder: string, ...args: string[]) => Promise<string>;
  worktree: (name: string) => Promise<Worktree>;
};

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mo-'));
  folders.push(folder);
  return folder;
}

/** A repository on `main` with `a.txt`, `src/b.txt` and `.gitignore`, committed by a configured user. */
export async function makeSandbox(): Promise<Sandbox> {
  const folder = await emptyFolder();
  const root = join(folder, awkwardName);
  const env = { PATH: pathOfThisProcess(), HOME: join(folder, 'home'), LC_ALL: 'C' };
  await mkdir(env.HOME);
  const git = async (place: string, ...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)('git', args, { cwd: place, env });
    return stdout.replace(/\n$/, '');
  };
  await mkdir(root);
  await git(root, 'init', '--quiet', '--initial-branch=main');
  await git(root, 'config', '--global', 'user.name', 'Ada');
  await git(root, 'config', '--global', 'user.email', 'ada@example.org');
  await put(root, 'a.txt', 'one\ntwo\nthree\nfour\nfive\n');
  await put(root, 'src/b.txt', 'b\n');
  await put(root, '.gitignore', 'node_modules/\n*.log\n');
  await put(root, '.agent-workspace/.gitignore', '*\n');
  await git(root, 'add', '--all');
  await git(root, 'commit', '--quiet', '--message=first');
  const repository = await openRepository(root, { env });
  const worktree = (name: string): Promise<Worktree> =>
    addWorktree(repository, { path: worktreePath(root, name), base: repository.head });
  return { folder, root, env, repository, base: repository.head, git, worktree };
}

export function worktreePath(root: string, name: string): string {
  return join(root, '.agent-workspace', 'worktrees', 'r-1', name);
}

export async function put(folder: string, path: string, text: string | Buffer): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

/** All of a checkout that a user could miss: files, index bytes, HEAD, branches. Equal pictures mean nothing was touched. */
export async function pictureOf({ root, git }: Sandbox): Promise<Record<string, string>> {
  const picture: Record<string, string> = {};
  await addFiles(root, '', picture);
  picture['index'] = digest(await readFile(join(root, '.git/index')));
  picture['HEAD'] = await readFile(join(root, '.git/HEAD'), 'utf8');
  picture['config'] = await readFile(join(root, '.git/config'), 'utf8');
  picture['exclude'] = await readFile(join(root, '.git/info/exclude'), 'utf8');
  picture['branches'] = await git(root, 'for-each-ref', 'refs/heads');
  return picture;
}

async function addFiles(
  root: string,
  folder: string,
  picture: Record<string, string>,
): Promise<void> {
  for (const name of await readdir(join(root, folder))) {
    const path = join(folder, name);
    if (path === '.git' || path === '.agent-workspace') continue;
    const stats = await lstat(join(root, path));
    if (stats.isDirectory()) await addFiles(root, path, picture);
    else if (stats.isSymbolicLink()) picture[path] = `link ${await readlink(join(root, path))}`;
    else {
      const bytes = digest(await readFile(join(root, path)));
      picture[path] = `${stats.mode} ${stats.mtimeMs} ${stats.ino} ${bytes}`;
    }
  }
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function pathOfThisProcess(): string {
  return process.env['PATH'] ?? '';
}
