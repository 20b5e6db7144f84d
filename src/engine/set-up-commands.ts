import { openSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { MoError } from '../core/problem.ts';
import { withoutKeys } from '../gates/command-environment.ts';
import { readOutput, sayingWhy } from '../gates/command-output.ts';
import { startDetached, type Detached } from '../platform/process.ts';
import { identify } from '../platform/process-identity.ts';
import { endTree, markerVariable } from '../platform/process-tree.ts';
import { folderKey } from '../supervisor/marker.ts';
import type { Engine } from './engine.ts';

const setUpLimitMs = 15 * 60_000;
const asks = [{ signal: 'SIGTERM' as const, waitMs: 2_000 }];

export type SetUp = {
  /** The fresh worktree. */
  folder: string;
  /** Where their output is kept while they run; unredacted, so not where it stays. */
  output: string;
  /** Of trusted settings only. */
  commands: readonly string[];
  /** Aborted: the command that runs is ended with all it started, and the reason is thrown. */
  signal: AbortSignal;
};

/** The project's own set-up commands, one after another. What one that succeeded left running is left alone. */
export async function runSetUp(engine: Engine, setUp: SetUp): Promise<void> {
  const { folder, output, commands } = setUp;
  if (commands.length === 0) return;
  await endLeftSetUp(engine, folder);
  const marker = markerOf(folder);
  try {
    for (const command of commands) {
      const end = await runToEnd(engine, { ...setUp, command, marker });
      if (end !== null) throw setUpProblem(command, end, await readOutput(output));
    }
  } finally {
    await rm(output, { force: true });
  }
}

/** An owner that died may have left a command running in this very folder. */
export async function endLeftSetUp({ clock }: Engine, folder: string): Promise<void> {
  await endTree({ leader: null, marker: markerOf(folder) }, { clock, asks });
}

function markerOf(folder: string): string {
  return `set-up/${folderKey(folder)}`;
}

/** How it failed, or null. */
async function runToEnd(
  { clock, env }: Engine,
  { folder, output, command, marker, signal }: SetUp & { command: string; marker: string },
): Promise<string | null> {
  signal.throwIfAborted();
  writeFileSync(output, '', { mode: 0o600 });
  const outer = env[markerVariable];
  const started = await startDetached('/bin/sh', ['-c', command], {
    cwd: folder,
    env: {
      ...withoutKeys(env),
      ...(env['TMPDIR'] === undefined ? {} : { TMPDIR: env['TMPDIR'] }),
      [markerVariable]: outer === undefined ? marker : `${outer} ${marker}`,
    },
    stdin: 'ignore',
    stdout: openSync(output, 'a'),
    stderr: openSync(output, 'a'),
  });
  const leader = identify(started.pid);
  const failure = await failureOf(started, { clock, signal });
  if (failure !== null || signal.aborted) await endTree({ leader, marker }, { clock, asks });
  signal.throwIfAborted();
  return failure;
}

async function failureOf(
  { exited }: Detached,
  { clock, signal }: Pick<Engine, 'clock'> & { signal: AbortSignal },
): Promise<string | null> {
  const over = new AbortController();
  const end = exited.then((exit) => {
    over.abort();
    return exit;
  });
  await clock.sleep(setUpLimitMs, AbortSignal.any([signal, over.signal]));
  if (signal.aborted) return 'was stopped';
  if (!over.signal.aborted) return 'ran into its time limit';
  const { exitCode, signal: by } = await end;
  return exitCode === 0 ? null : `ended with ${exitCode ?? by}`;
}

function setUpProblem(command: string, end: string, output: string): MoError {
  return new MoError({
    code: 'bad-settings',
    file: 'mo.yaml',
    what: `worktrees.setup: \`${command}\` ${end}: ${sayingWhy(output)}`,
    fix: 'Mend the command, or what it needs, and start the run again.',
  });
}
