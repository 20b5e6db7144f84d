import { chmod, mkdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commitWork, type CommittedWork } from '../../src/git/snapshot.ts';
import type { Worktree } from '../../src/git/worktree-list.ts';
import { makeSandbox, put, type Sandbox } from './sandbox.ts';

const trailers = {
  'Mo-Run': 'r-1',
  'Mo-Node': 'api',
  'Mo-Attempt': '1',
  'Mo-Route': 'codex/default gpt',
};

async function setUp(): Promise<
  Sandbox & { tree: Worktree; commit: () => Promise<CommittedWork> }
> {
  const sandbox = await makeSandbox();
  const tree = await sandbox.worktree('api');
  const commit = (): Promise<CommittedWork> =>
    commitWork(tree, { base: sandbox.base, message: 'api: add it', trailers });
  return { ...sandbox, tree, commit };
}

function summary(work: CommittedWork): string[] {
  return work.changes.map((one) => `${one.kind} ${one.path}`).toSorted();
}

test('the ref that keeps the commit moves with HEAD, from where it is expected or from where it is', async () => {
  const { tree, base, git } = await setUp();
  const ref = 'refs/mo/r-1/api';
  const keep = async (expected: string | null): Promise<[string, string]> => {
    const given = { ref, expected, reason: 'test' };
    const { commit } = await commitWork(tree, { base, message: 'm', trailers, keep: given });
    expect(await git(tree.path, 'rev-parse', 'HEAD')).toBe(commit);
    return [commit, await git(tree.path, 'rev-parse', ref)];
  };
  const seen: [string, string][] = [];
  seen.push(await keep(null));
  await put(tree.path, 'one.txt', '1');
  seen.push(await keep(base));
  await put(tree.path, 'two.txt', '2');
  seen.push(await keep(null));
  seen.push(await keep(base));
  expect(seen.map(([, kept]) => kept)).toEqual(seen.map(([commit]) => commit));
  expect(new Set(seen.map(([commit]) => commit)).size).toBe(3);
});

test('what git ignores is named with the work, but not where something of it was staged by force', async () => {
  const { commit, tree, git } = await setUp();
  await put(tree.path, 'debug.log', 'x');
  await put(tree.path, 'node_modules/dep.js', 'x');
  expect((await commit()).ignored?.toSorted()).toEqual(['debug.log', 'node_modules/']);
  await git(tree.path, 'add', '--force', 'debug.log');
  const forced = await commit();
  expect([forced.ignored, summary(forced)]).toEqual([null, ['add debug.log']]);
});

test('nothing changed gives back the base', async () => {
  const { commit, base } = await setUp();
  expect(await commit()).toMatchObject({ commit: base, changes: [], foreignHead: null });
});

test('staged, unstaged, untracked, deleted, renamed and mode changes are one commit', async () => {
  const { commit, tree, git } = await setUp();
  await put(tree.path, 'staged.txt', 's');
  await git(tree.path, 'add', 'staged.txt');
  await put(tree.path, '-un\ntracked 文件', 'u');
  await put(tree.path, 'a.txt', 'one\nTWO\nthree\nfour\nfive\n');
  await put(tree.path, 'skipped.log', 'ignored');
  await git(tree.path, 'mv', 'src/b.txt', 'src/c.txt');
  await chmod(join(tree.path, '.gitignore'), 0o755);
  expect(summary(await commit())).toEqual([
    'add -un\ntracked 文件',
    'add staged.txt',
    'mode-change .gitignore',
    'modify a.txt',
    'rename src/c.txt',
  ]);
});

test('a commit carries the trailers and the identity of the user', async () => {
  const { commit, tree, git } = await setUp();
  await put(tree.path, 'new.txt', 'x');
  const { commit: made } = await commit();
  expect(await git(tree.path, 'log', '-1', '--format=%an %ae%n%B', made)).toBe(
    'Ada ada@example.org\napi: add it\n\nMo-Run: r-1\nMo-Node: api\nMo-Attempt: 1\nMo-Route: codex/default gpt\n',
  );
});

test('without a configured identity mo signs itself', async () => {
  const { commit, tree, root, git } = await setUp();
  await git(root, 'config', '--global', '--unset', 'user.name');
  await git(root, 'config', 'user.useConfigOnly', 'true');
  await put(tree.path, 'new.txt', 'x');
  const { commit: made } = await commit();
  expect(await git(tree.path, 'log', '-1', '--format=%an <%ae> %cn', made)).toBe(
    'mo <mo@localhost> mo',
  );
});

test('an identity that a worker configures after mo has committed once signs nothing', async () => {
  const { commit, tree, git } = await setUp();
  await put(tree.path, 'one.txt', '1');
  await commit();
  await git(tree.path, 'config', 'user.name', 'Eve');
  await put(tree.path, 'two.txt', '2');
  const { commit: made } = await commit();
  expect(await git(tree.path, 'log', '-1', '--format=%an %cn', made)).toBe('Ada Ada');
});

test('a trailer cannot be made to hold a second one', async () => {
  const { tree, base, git } = await setUp();
  await put(tree.path, 'new.txt', 'x');
  const spoofed = { 'Mo-Route': 'x\nMo-Run: r-99' };
  const made = await commitWork(tree, { base, message: 'nul \0 inside', trailers: spoofed });
  expect(await git(tree.path, 'log', '-1', '--format=%(trailers)', made.commit)).toBe(
    'Mo-Route: x Mo-Run: r-99\n',
  );
});

test('commits of the worker are kept below the commit of mo', async () => {
  const { commit, tree, git, base } = await setUp();
  await put(tree.path, 'one.txt', '1');
  await git(tree.path, 'add', '--all');
  await git(tree.path, 'commit', '--quiet', '--message=own work');
  await put(tree.path, 'two.txt', '2');
  const made = await commit();
  expect(await git(tree.path, 'log', '--format=%s', `${base}..${made.commit}`)).toBe(
    'api: add it\nown work',
  );
  expect(summary(made)).toEqual(['add one.txt', 'add two.txt']);
});

test('work the worker has committed wholly needs no commit of mo', async () => {
  const { commit, tree, git } = await setUp();
  await put(tree.path, 'one.txt', '1');
  await git(tree.path, 'add', '--all');
  await git(tree.path, 'commit', '--quiet', '--message=own work');
  expect((await commit()).commit).toBe(await git(tree.path, 'rev-parse', 'HEAD'));
});

test('the worktree is clean on the result, so that the next attempt goes on from it', async () => {
  const { commit, tree, git } = await setUp();
  await put(tree.path, 'one.txt', '1');
  const made = await commit();
  expect(await git(tree.path, 'status', '--porcelain')).toBe('');
  expect(await git(tree.path, 'rev-parse', 'HEAD')).toBe(made.commit);
  await put(tree.path, 'two.txt', '2');
  expect(summary(await commit())).toEqual(['add one.txt', 'add two.txt']);
});

test('a branch the worker switched to stays where it was and is named', async () => {
  const { commit, tree, git, base } = await setUp();
  await git(tree.path, 'checkout', '--quiet', '-b', 'feature/x');
  await put(tree.path, 'one.txt', '1');
  expect(await commit()).toMatchObject({ leftBranch: 'feature/x', foreignHead: null });
  expect(await git(tree.path, 'rev-parse', 'feature/x')).toBe(base);
});

test('a history that does not hold the base is left behind, its files are taken', async () => {
  const { commit, tree, git, base } = await setUp();
  await git(tree.path, 'checkout', '--quiet', '--orphan', 'else');
  await put(tree.path, 'one.txt', '1');
  await git(tree.path, 'rm', '--quiet', '-f', 'a.txt');
  await git(tree.path, 'add', '--all');
  await git(tree.path, 'commit', '--quiet', '--message=unrelated');
  const foreign = await git(tree.path, 'rev-parse', 'HEAD');
  const made = await commit();
  expect(made.foreignHead).toBe(foreign);
  expect(summary(made)).toEqual(['add one.txt', 'delete a.txt']);
  expect(await git(tree.path, 'rev-parse', `${made.commit}^`)).toBe(base);
});

test('an unborn HEAD does not stop the snapshot', async () => {
  const { commit, tree, git } = await setUp();
  await git(tree.path, 'checkout', '--quiet', '--orphan', 'else');
  await put(tree.path, 'one.txt', '1');
  expect(summary(await commit())).toEqual(['add one.txt']);
});

test('a merge, a rebase and a pick under way are ended', async () => {
  const { commit, tree, git } = await setUp();
  await git(tree.path, 'checkout', '--quiet', '-b', 'side');
  await put(tree.path, 'a.txt', 'side\n');
  await git(tree.path, 'commit', '--quiet', '--all', '--message=side');
  await git(tree.path, 'checkout', '--quiet', '--detach', 'HEAD~1');
  await put(tree.path, 'a.txt', 'ours\n');
  await git(tree.path, 'commit', '--quiet', '--all', '--message=ours');
  for (const start of ['merge', 'rebase', 'cherry-pick']) {
    await expect(git(tree.path, start, 'side')).rejects.toThrow(/./);
    await put(tree.path, 'a.txt', `resolved after ${start}\n`);
    const made = await commit();
    expect(await git(tree.path, 'show', `${made.commit}:a.txt`)).toBe(`resolved after ${start}`);
    expect(await git(tree.path, 'status')).not.toMatch(/in progress|cherry-pick/);
  }
});

test('locks of a killed git process do not stop the snapshot', async () => {
  const { commit, tree, git } = await setUp();
  await put(tree.path, 'one.txt', '1');
  await writeFile(join(tree.gitDir, 'index.lock'), '');
  await writeFile(join(tree.gitDir, 'HEAD.lock'), '');
  expect(summary(await commit())).toEqual(['add one.txt']);
  await git(tree.path, 'add', '--all');
});

test('a damaged index, HEAD and .git are mended', async () => {
  const { commit, tree, git } = await setUp();
  await put(tree.path, 'one.txt', '1');
  await writeFile(join(tree.gitDir, 'index'), 'garbage');
  await writeFile(join(tree.gitDir, 'HEAD'), 'garbage');
  await rm(join(tree.path, '.git'));
  const made = await commit();
  expect(summary(made)).toEqual(['add one.txt']);
  expect(await git(tree.path, 'rev-parse', 'HEAD')).toBe(made.commit);
  expect(await git(tree.path, 'status', '--porcelain')).toBe('');
});

test('a worker that replaces .git by a repository of its own is read through the right one', async () => {
  const { commit, tree, git, base } = await setUp();
  await rm(join(tree.path, '.git'));
  await git(tree.path, 'init', '--quiet');
  await put(tree.path, 'one.txt', '1');
  await git(tree.path, 'add', '--all');
  await git(tree.path, 'commit', '--quiet', '--message=elsewhere');
  const made = await commit();
  expect(summary(made)).toEqual(['add one.txt']);
  expect(await git(tree.path, 'merge-base', base, 'HEAD')).toBe(base);
});

test('flags that hide a change from git do not hide it from mo', async () => {
  const { commit, tree, git } = await setUp();
  await git(tree.path, 'update-index', '--assume-unchanged', 'a.txt');
  await git(tree.path, 'update-index', '--skip-worktree', 'src/b.txt');
  await put(tree.path, 'a.txt', 'hidden');
  await rm(join(tree.path, 'src/b.txt'));
  expect(await git(tree.path, 'status', '--porcelain')).toBe('');
  expect(summary(await commit())).toEqual(['delete src/b.txt', 'modify a.txt']);
});

test('a replace ref does not change what is compared', async () => {
  const { commit, tree, git, base } = await setUp();
  await put(tree.path, 'evil.txt', '1');
  await git(tree.path, 'add', '--all');
  await git(tree.path, 'commit', '--quiet', '--message=evil');
  const evil = await git(tree.path, 'rev-parse', 'HEAD');
  await git(tree.path, 'replace', base, evil);
  expect(summary(await commit())).toEqual(['add evil.txt']);
});

test('a change of the same size in the same second is seen', async () => {
  const { commit, tree } = await setUp();
  await put(tree.path, 'a.txt', 'ONE\ntwo\nthree\nfour\nfive\n');
  expect(summary(await commit())).toEqual(['modify a.txt']);
  await put(tree.path, 'a.txt', 'OnE\ntwo\nthree\nfour\nfive\n');
  const made = await commit();
  expect(await readFile(join(tree.path, 'a.txt'), 'utf8')).toMatch(/^OnE/);
  expect(made.tree).toBe((await commit()).tree);
  await put(tree.path, 'a.txt', 'one\ntwo\nthree\nfour\nfive\n');
  expect(summary(await commit())).toEqual([]);
});

test('an index that mo copies is never younger than its source, so git looks again at young files', async () => {
  const { commit, tree } = await setUp();
  const timeOf = async (name: string): Promise<number> =>
    (await stat(join(tree.gitDir, name))).mtimeMs;
  expect(await timeOf('mo-index')).toBeLessThanOrEqual(await timeOf('index'));
  await put(tree.path, 'new.txt', 'x');
  await commit();
  expect(await timeOf('index')).toBeLessThanOrEqual(await timeOf('mo-index'));
});

test('setting the time of a file back does not hide its change', async () => {
  const { commit, tree } = await setUp();
  const old = new Date(1_600_000_000_000);
  await put(tree.path, 'a.txt', 'ONE\ntwo\nthree\nfour\nfive\n');
  await utimes(join(tree.path, 'a.txt'), old, old);
  expect(summary(await commit())).toEqual(['modify a.txt']);
});

test('repositories a worker made inside are committed as plain files', async () => {
  const { commit, tree, git } = await setUp();
  await git(tree.path, 'init', '--quiet', 'app');
  await put(tree.path, 'app/index.js', 'x');
  await put(tree.path, 'app/.gitignore', 'dist\n');
  await put(tree.path, 'app/dist/out.js', 'x');
  await put(tree.path, 'app/node_modules/dep/index.js', 'x');
  await git(tree.path, 'init', '--quiet', 'app/inner');
  await put(tree.path, 'app/inner/deep.js', 'x');
  await git(join(tree.path, 'app'), 'add', 'index.js');
  await git(join(tree.path, 'app'), 'commit', '--quiet', '--message=scaffold');
  expect(summary(await commit())).toEqual([
    'add app/.gitignore',
    'add app/index.js',
    'add app/inner/deep.js',
  ]);
});

test('an inner repository that a worker committed as a link is opened too', async () => {
  const { commit, tree, git } = await setUp();
  await git(tree.path, 'init', '--quiet', 'app');
  await put(tree.path, 'app/index.js', 'x');
  await git(join(tree.path, 'app'), 'add', '--all');
  await git(join(tree.path, 'app'), 'commit', '--quiet', '--message=scaffold');
  await git(tree.path, '-c', 'advice.addEmbeddedRepo=false', 'add', '--all');
  await git(tree.path, 'commit', '--quiet', '--message=own');
  expect(summary(await commit())).toEqual(['add app/index.js']);
});

test('submodules are left as they are, and a moved one shows', async () => {
  const { tree, root, git, repository } = await setUp();
  const lib = join(root, '.agent-workspace', 'lib');
  await git(root, 'init', '--quiet', lib);
  await put(lib, 'l.txt', 'l');
  await git(lib, 'add', '--all');
  await git(lib, 'commit', '--quiet', '--message=lib');
  const allow = ['-c', 'protocol.file.allow=always'];
  await git(tree.path, ...allow, 'submodule', '--quiet', 'add', lib, 'lib');
  await git(tree.path, 'commit', '--quiet', '--message=submodule');
  const base = await git(tree.path, 'rev-parse', 'HEAD');
  const untouched = await commitWork(tree, { base, message: 'm', trailers });
  expect(untouched.commit).toBe(base);
  await put(tree.path, 'lib/l.txt', 'moved');
  await git(join(tree.path, 'lib'), 'commit', '--quiet', '--all', '--message=moved');
  const moved = await commitWork(tree, { base, message: 'm', trailers });
  expect(moved.changes).toMatchObject([{ path: 'lib', newMode: '160000', kind: 'modify' }]);
  expect(repository.branch).toBe('main');
});

test('an ignored file that was added by force is kept, staged or committed', async () => {
  const { commit, tree, git } = await setUp();
  await put(tree.path, 'kept.log', 'x');
  await put(tree.path, 'staged.log', 'x');
  await put(tree.path, 'left.log', 'x');
  await git(tree.path, 'add', '--force', 'kept.log');
  await git(tree.path, 'commit', '--quiet', '--message=forced');
  await git(tree.path, 'add', '--force', 'staged.log');
  expect(summary(await commit())).toEqual(['add kept.log', 'add staged.log']);
});

test('links are committed as links and a file may become a folder', async () => {
  const { commit, tree } = await setUp();
  await symlink('../../etc/passwd', join(tree.path, 'out'));
  await rm(join(tree.path, 'a.txt'));
  await mkdir(join(tree.path, 'a.txt'));
  await put(tree.path, 'a.txt/inner', 'x');
  const made = await commit();
  expect(summary(made)).toEqual(['add a.txt/inner', 'add out', 'delete a.txt']);
  expect(made.changes.find((one) => one.path === 'out')?.linkTarget).toBe('../../etc/passwd');
});

test('hooks of the repository do not run', async () => {
  const { commit, tree, root } = await setUp();
  for (const hook of ['pre-commit', 'post-commit', 'reference-transaction', 'post-index-change']) {
    await put(root, `.git/hooks/${hook}`, `#!/bin/sh\ntouch '${tree.gitDir}/hook-ran'\nexit 1\n`);
    await chmod(join(root, '.git/hooks', hook), 0o755);
  }
  await put(tree.path, 'one.txt', '1');
  await commit();
  await expect(readFile(join(tree.gitDir, 'hook-ran'))).rejects.toThrow(/ENOENT/);
});
