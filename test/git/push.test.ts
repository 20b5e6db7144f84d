import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pushCommit } from '../../src/git/push.ts';
import { readProcess } from '../../src/platform/process-entry.ts';
import { until } from '../engine/house.ts';
import { makeSandbox, put, type Sandbox } from './sandbox.ts';

async function withRemote() {
  const sandbox = await makeSandbox();
  const { folder, root, git } = sandbox;
  const bare = join(folder, 'remote.git');
  await git(folder, 'init', '--quiet', '--bare', bare);
  await git(root, 'remote', 'add', 'origin', bare);
  const push = (commit: string, timeoutMs = 60_000): Promise<void> =>
    pushCommit(sandbox.repository.git, {
      remote: 'origin',
      commit,
      branch: 'mo/r-1',
      env: sandbox.env,
      timeoutMs,
    });
  return { ...sandbox, bare, push };
}

async function hookOf(bare: string, text: string): Promise<void> {
  await put(bare, 'hooks/pre-receive', `#!/bin/sh\n${text}\n`);
  await chmod(join(bare, 'hooks/pre-receive'), 0o755);
}

async function another({ root, git, base }: Sandbox): Promise<string> {
  await git(root, 'switch', '--quiet', '--detach', base);
  await git(root, 'commit', '--quiet', '--allow-empty', '--message=another');
  return git(root, 'rev-parse', 'HEAD');
}

test('a commit gets to its branch, goes forward there, and again is nothing', async () => {
  const sandbox = await withRemote();
  const { push, base, git, bare } = sandbox;
  await push(base);
  await push(base);
  expect(await git(bare, 'rev-parse', 'mo/r-1')).toBe(base);
  const next = await another(sandbox);
  await push(next);
  expect(await git(bare, 'rev-parse', 'mo/r-1')).toBe(next);
});

test('what somebody else has put on the branch is not overwritten', async () => {
  const sandbox = await withRemote();
  const { push, git, bare, root } = sandbox;
  const theirs = await another(sandbox);
  await git(root, 'push', '--quiet', 'origin', `${theirs}:refs/heads/mo/r-1`);
  await put(root, 'more.txt', 'x');
  await git(root, 'switch', '--quiet', 'main');
  await git(root, 'add', '--all');
  await git(root, 'commit', '--quiet', '--message=ours');
  await expect(push(await git(root, 'rev-parse', 'main'))).rejects.toThrow(
    'there are commits on it that mo did not put there. Nothing was overwritten',
  );
  expect(await git(bare, 'rev-parse', 'mo/r-1')).toBe(theirs);
});

test('the words of a remote that refuses are told, without the secrets in them', async () => {
  const { push, base, bare } = await withRemote();
  await hookOf(bare, 'echo "no: https://me:hunter2hunter2@example.org/x" >&2; exit 1');
  const refusal = await push(base).then(
    () => null,
    (cause: Error) => cause,
  );
  expect(refusal).toMatchObject({ code: 'push-failed', exitCode: 5 });
  expect(refusal?.message).toContain('mo/r-1 could not be pushed to origin');
  expect(refusal?.message).toContain('pre-receive hook declined');
  expect(refusal?.message).not.toContain('hunter2');
});

test('a remote that does not answer is given up', async () => {
  const { push, base, bare, git, folder } = await withRemote();
  const seen = join(folder, 'hook-pid');
  await hookOf(bare, `echo $$ > '${seen.replaceAll("'", `'\\''`)}'; exec sleep 600`);
  await expect(push(base, 5_000)).rejects.toThrow('it gave no answer within 5 s');
  const pid = Number(await readFile(seen, 'utf8'));
  await until(async () => readProcess(pid)?.isZombie ?? true);
  expect(await git(bare, 'for-each-ref')).toBe('');
});

test('no hook of the repository runs, and nobody is asked', async () => {
  const { push, base, root, bare, git } = await withRemote();
  await put(root, '.git/hooks/pre-push', '#!/bin/sh\nexit 1\n');
  await chmod(join(root, '.git/hooks/pre-push'), 0o755);
  await push(base);
  expect(await git(bare, 'rev-parse', 'mo/r-1')).toBe(base);
});
