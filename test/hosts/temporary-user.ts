import { execa } from 'execa';
import {
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

export type Said = { exitCode: number; stdout: string; stderr: string };

/** A person with a home of their own (with a blank and letters beyond ASCII in its name) and a mo whose package lies there. */
export type TemporaryUser = {
  home: string;
  project: string;
  /** The package of mo. */
  package: string;
  /** Programs the user has beside `node` and `git`. */
  bin: string;
  env: Record<string, string>;
  mo: (...args: string[]) => Promise<Said>;
  write: (path: string, text: string) => Promise<void>;
  read: (path: string) => Promise<string>;
  /** Everything in the home by its path: contents of files, targets of links, modes. */
  picture: () => Promise<Record<string, string>>;
  remove: () => Promise<void>;
};

export async function makeTemporaryUser(): Promise<TemporaryUser> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'mo-user-')));
  const home = join(folder, 'my höme 家');
  const project = join(folder, 'the project');
  const bin = join(folder, 'bin');
  const moPackage = join(folder, 'mo-mcp');
  await Promise.all([home, project, bin, moPackage].map((path) => mkdir(path)));
  await stage(moPackage);
  await symlink(process.execPath, join(bin, 'node'));
  const { stdout: git } = await execa('which', ['git']);
  await symlink(git, join(bin, 'git'));
  const env: Record<string, string> = {
    PATH: bin,
    HOME: home,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  const user: TemporaryUser = {
    home,
    project,
    package: moPackage,
    bin,
    env,
    mo: async (...args) => {
      const script = join(user.package, 'dist', 'mo.mjs');
      const { exitCode = -1, ...said } = await execa(process.execPath, [script, ...args], {
        cwd: project,
        env: user.env,
        extendEnv: false,
        reject: false,
        stdin: 'ignore',
      });
      return { exitCode, stdout: said.stdout, stderr: said.stderr };
    },
    write: async (path, text) => {
      await mkdir(dirname(join(home, path)), { recursive: true });
      await writeFile(join(home, path), text);
    },
    read: (path) => readFile(join(home, path), 'utf8'),
    picture: () => pictureOf(home),
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
  return user;
}

/** What npm would have put there; where the repository has no skill or plugin, a small one. */
async function stage(folder: string): Promise<void> {
  for (const name of ['dist', 'prompt-pack', 'package.json']) {
    await cp(join(root, name), join(folder, name), { recursive: true });
  }
  await symlink(await realpath(join(root, 'node_modules')), join(folder, 'node_modules'));
  const skill = join(folder, 'skill', 'orchestrate');
  await mkdir(join(skill, 'references'), { recursive: true });
  await writeFile(join(skill, 'SKILL.md'), skillText);
  await writeFile(join(skill, 'references', 'more.md'), '# More\n');
  const plugin = join(folder, 'plugin');
  const manifest = { name: 'mo', version: '0.0.1', description: 'Hands goals to agents.' };
  await writeJson(join(plugin, '.claude-plugin', 'plugin.json'), manifest);
  await writeJson(join(plugin, '.codex-plugin', 'plugin.json'), {
    ...manifest,
    skills: './skills/',
    mcpServers: './.mcp.json',
  });
  await writeJson(join(plugin, '.mcp.json'), {
    mcpServers: { mo: { command: 'npx', args: ['-y', 'mo-mcp', 'serve'] } },
  });
  await cp(skill, join(plugin, 'skills', 'orchestrate'), { recursive: true });
}

export const skillText = `---
name: orchestrate
description: Hands a goal to several coding agents through mo.
---
Call the tool health of the server mo first.
`;

async function writeJson(file: string, value: object): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(value, null, 2)}\n`);
}

async function pictureOf(folder: string): Promise<Record<string, string>> {
  const picture: Record<string, string> = {};
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name);
    const found = await lstat(path);
    const mode = (found.mode & 0o777).toString(8);
    if (found.isSymbolicLink()) picture[name] = `link ${await readlink(path)}`;
    else if (found.isDirectory()) picture[name] = `folder ${mode}`;
    else picture[name] = `${mode} ${await readFile(path, 'latin1')}`;
  }
  return picture;
}
