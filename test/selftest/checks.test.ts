import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { startDetached } from '../../src/platform/process.ts';
import { identify, isAlive } from '../../src/platform/process-identity.ts';
import { addon } from '../../src/selftest/checks/addon.ts';
import { git } from '../../src/selftest/checks/git.ts';
import { processes } from '../../src/selftest/checks/processes.ts';
import { workspace } from '../../src/selftest/checks/workspace.ts';
import { fail, type Check, type CheckPlace, type CheckResult } from '../../src/selftest/check.ts';
import { runChecks } from '../../src/selftest/run-checks.ts';

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mo-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

async function resultsOf(
  checks: readonly Check[],
  wish: { project?: string; path?: string; signal?: AbortSignal; told?: CheckResult[] } = {},
): Promise<readonly CheckResult[]> {
  return runChecks(checks, {
    project: wish.project ?? (await aFolder()),
    env: { PATH: wish.path ?? process.env['PATH'] },
    clock: systemClock,
    signal: wish.signal ?? new AbortController().signal,
    onResult: (result) => wish.told?.push(result),
  });
}

function aCheck(name: string, run: Check['run'], more: Partial<Check> = {}): Check {
  return { name, title: name, of: 'mo', limitMs: 60_000, needs: [], run, ...more };
}

/** A PATH with these programs and nothing else. */
async function pathWith(programs: Record<string, string>): Promise<string> {
  const folder = await aFolder();
  await symlink(process.execPath, join(folder, 'node'));
  for (const [name, text] of Object.entries(programs))
    await writeFile(join(folder, name), text, { mode: 0o755 });
  return folder;
}

test('what mo stands on is here', async () => {
  const results = await resultsOf([addon, git, workspace, processes]);
  expect(results.map(({ name, state, said }) => ({ name, state, said }))).toEqual([
    { name: 'addon', state: 'passed', said: expect.stringContaining('better-sqlite3') },
    { name: 'git', state: 'passed', said: expect.stringContaining('worktrees') },
    { name: 'workspace', state: 'passed', said: expect.stringContaining('free') },
    { name: 'processes', state: 'passed', said: expect.stringContaining('2 ended') },
  ]);
});

test('without git on the PATH it says to install it', async () => {
  const [result] = await resultsOf([git], { path: await pathWith({}) });
  expect(result).toMatchObject({
    state: 'failed',
    of: 'environment',
    said: 'git is not on the PATH: ENOENT.',
    fix: 'Install git 2.38 or newer and put it on the PATH.',
  });
});

test('a git that is too old is named with its version', async () => {
  const { PATH } = process.env;
  const real = `PATH='${PATH ?? ''}' exec git "$@"`;
  const old = `#!/bin/sh\ncase "$*" in *version*) echo git version 2.30.1;; *) ${real};; esac\n`;
  const [result] = await resultsOf([git], { path: await pathWith({ git: old }) });
  expect(result).toMatchObject({
    state: 'failed',
    said: expect.stringContaining('2.30.1'),
    fix: expect.stringContaining('2.38'),
  });
});

test('a git that cannot do what mo asks of it is found by asking', async () => {
  const { PATH } = process.env;
  const real = `PATH='${PATH ?? ''}' exec git "$@"`;
  const lame = `#!/bin/sh\ncase "$*" in *merge-tree*) echo no such thing >&2; exit 129;; *) ${real};; esac\n`;
  const [result] = await resultsOf([git], { path: await pathWith({ git: lame }) });
  expect(result).toMatchObject({ state: 'failed', said: expect.stringContaining('merge-tree') });
});

test('a workspace that is a file is named, and left as it is', async () => {
  const project = await aFolder();
  await writeFile(join(project, '.agent-workspace'), 'mine');
  const [result] = await resultsOf([workspace], { project });
  expect(result).toMatchObject({
    state: 'failed',
    said: `${join(project, '.agent-workspace')} is a file.`,
    fix: expect.stringContaining('Move it away'),
  });
  expect(await readdir(project)).toEqual(['.agent-workspace']);
});

test('a check without what it needs is left out, and says what for', async () => {
  const broken = aCheck('broken', async () => fail('It is broken.', 'Mend it.'));
  const next = aCheck('next', async () => 'fine', { needs: ['broken'] });
  const [, result] = await resultsOf([broken, next]);
  expect(result).toMatchObject({ state: 'left-out', said: 'needs: broken' });
});

test('results are told in the order of the list, whichever ends first', async () => {
  const second = new AbortController();
  const told: CheckResult[] = [];
  const checks = [
    aCheck('first', async () => {
      await systemClock.sleep(60_000, second.signal);
      return 'late';
    }),
    aCheck('second', async () => {
      second.abort();
      return 'early';
    }),
  ];
  await resultsOf(checks, { told });
  expect(told.map(({ name }) => name)).toEqual(['first', 'second']);
});

async function startSleeper({ folder, env }: CheckPlace) {
  const { pid } = await startDetached('sleep', ['600'], {
    cwd: folder,
    env,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
  });
  return identify(pid);
}

test('a check that hangs fails at its limit, and what it had started is gone', async () => {
  const left: Awaited<ReturnType<typeof startSleeper>>[] = [];
  const hangs = aCheck(
    'hangs',
    async (place) => {
      left.push(await startSleeper(place));
      await systemClock.sleep(60_000, place.signal);
      return 'never in time';
    },
    { limitMs: 1_000 },
  );
  const [result] = await resultsOf([hangs]);
  expect(result).toMatchObject({ state: 'failed', said: 'It was not over after 1 s.' });
  expect(left.map((id) => id !== null && isAlive(id))).toEqual([false]);
});

test('an interrupted selftest ends what runs and leaves the rest out', async () => {
  const interrupt = new AbortController();
  const left: Awaited<ReturnType<typeof startSleeper>>[] = [];
  const broken = aCheck('broken', async (place) => {
    left.push(await startSleeper(place));
    interrupt.abort();
    return 'over';
  });
  const later = aCheck('later', async () => 'fine', { needs: ['broken'] });
  const results = await resultsOf([broken, later], { signal: interrupt.signal });
  expect(results.at(-1)).toMatchObject({ state: 'left-out', said: 'interrupted' });
  expect(left.map((id) => id !== null && isAlive(id))).toEqual([false]);
});

test('nothing stays in the temp folder, whatever a check left there', async () => {
  const seen: string[] = [];
  const writes = aCheck('writes', async ({ folder }) => {
    seen.push(folder);
    await mkdir(join(folder, 'deep/er'), { recursive: true });
    return 'written';
  });
  await resultsOf([writes]);
  await expect(readdir(seen[0] ?? '')).rejects.toThrow('ENOENT');
});
