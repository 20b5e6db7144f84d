import { existsSync, openSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding, Verdict } from '../core/gate.ts';
import type { GateSpec } from '../core/node.ts';
import { MoError } from '../core/problem.ts';
import type { Environment } from '../platform/environment.ts';
import { errnoOf, writeWhole } from '../platform/files.ts';
import { startDetached, type Detached } from '../platform/process.ts';
import { identify } from '../platform/process-identity.ts';
import { endTree, markerVariable } from '../platform/process-tree.ts';
import { commandEnvironment } from './command-environment.ts';
import { lastLines, readOutput } from './command-output.ts';
import { makeGateFolder } from './left-behind.ts';
import { evidenceName, makeEvidenceFolder, type GateContext } from './gate-context.ts';

export type CommandGate = Extract<GateSpec, { gate: 'command' }>;

const defaultTimeoutMs = 10 * 60_000;
const lookEveryMs = 200;
/** A command that prints without end would fill the disk. */
const mostOutputBytes = 500_000_000;
const asks = [{ signal: 'SIGTERM' as const, waitMs: 2_000 }];

/**
 * Runs a command in a shell in the folder; exit code 0 passes. It runs in a group of its own with a temp folder of its own, and when it
 * has ended, or its time is over, nothing that it started is left. `number` tells the commands of one attempt apart.
 */
export async function judgeCommand(
  spec: CommandGate,
  context: GateContext,
  number: number,
): Promise<Verdict> {
  const startedAt = context.clock.monotonic();
  await makeEvidenceFolder(context);
  const evidence = join(context.evidenceFolder, `gate-command-${number}.txt`);
  const raw = `${evidence}.raw`;
  try {
    const end = await runToEnd(spec, context, raw);
    const output = await readOutput(raw, context.secrets);
    const changed = (await context.work?.isUnchanged()) === false;
    const findings = [
      ...(end.how === 'ended' && end.exitCode === 0 ? [] : [failure(spec.command, end, output)]),
      ...(changed ? [changedFiles(spec.command)] : []),
    ];
    const report = `$ ${spec.command}\n${output}\n${describeEnd(end)}\n`;
    await writeWhole(evidence, report, 0o600);
    return {
      gate: 'command',
      name: spec.command,
      pass: findings.length === 0,
      findings,
      evidence: evidenceName(context, evidence),
      durationMs: Math.max(0, Math.round(context.clock.monotonic() - startedAt)),
    };
  } finally {
    await rm(raw, { force: true });
  }
}

export type CommandEnd =
  | { how: 'ended'; exitCode: number | null; signal: string | null }
  | { how: 'timeout'; limitMs: number }
  | { how: 'output' };

/** Runs the command in the folder of the context, its output in the file `raw`. */
export async function runToEnd(
  spec: Pick<CommandGate, 'command' | 'timeoutMs'>,
  context: GateContext,
  raw: string,
): Promise<CommandEnd> {
  const { clock, env, folder, marker, runMarker, signal } = context;
  signal.throwIfAborted();
  const temp = await makeGateFolder(context);
  const outer = env[markerVariable];
  try {
    // An owner that died may have left a command running in this very folder.
    await endTree({ leader: null, marker }, { clock, asks });
    const started = await start(spec.command, folder, raw, {
      ...commandEnvironment(env, temp),
      [markerVariable]: [...(outer === undefined ? [] : [outer]), runMarker, marker].join(' '),
    });
    const leader = identify(started.pid);
    try {
      return await watch(started, raw, spec.timeoutMs ?? defaultTimeoutMs, context);
    } finally {
      // After a normal end too: what a test left running would go on in a worktree that is about to change.
      await endTree({ leader, marker }, { clock, asks });
    }
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

async function start(
  command: string,
  folder: string,
  raw: string,
  env: Environment,
): Promise<Detached> {
  writeFileSync(raw, '', { mode: 0o600 });
  try {
    return await startDetached('/bin/sh', ['-c', command], {
      cwd: folder,
      env,
      stdin: 'ignore',
      // Appending, so that the two keep their order and never write over each other.
      stdout: openSync(raw, 'a'),
      stderr: openSync(raw, 'a'),
    });
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT' && !existsSync(folder)) {
      throw new MoError({ code: 'folder-missing', folder }, { cause });
    }
    throw cause;
  }
}

async function watch(
  { exited }: Detached,
  raw: string,
  limitMs: number,
  { clock, signal }: GateContext,
): Promise<CommandEnd> {
  const deadline = clock.monotonic() + limitMs;
  const looking = new AbortController();
  const ended = exited.then((exit): CommandEnd => {
    looking.abort();
    return { how: 'ended', ...exit };
  });
  const wake = AbortSignal.any([signal, looking.signal]);
  while (!looking.signal.aborted) {
    signal.throwIfAborted();
    const left = deadline - clock.monotonic();
    if (left <= 0) return { how: 'timeout', limitMs };
    if (statSync(raw).size > mostOutputBytes) return { how: 'output' };
    await clock.sleep(Math.min(lookEveryMs, left), wake);
  }
  return ended;
}

function failure(command: string, end: CommandEnd, output: string): Finding {
  const said = lastLines(output);
  return {
    severity: 'major',
    title: `\`${command}\` ${describeEnd(end)}`,
    file: null,
    line: null,
    evidence: said === '' ? 'It printed nothing.' : said,
  };
}

function describeEnd(end: CommandEnd): string {
  switch (end.how) {
    case 'timeout':
      return `did not end within ${Math.ceil(end.limitMs / 1000)} s and was killed`;
    case 'output':
      return `printed more than ${mostOutputBytes / 1e6} MB and was killed`;
    case 'ended':
      if (end.exitCode === null) return `was ended by ${end.signal ?? 'a signal'}`;
      return `ended with exit code ${end.exitCode}${exitHint(end.exitCode)}`;
  }
}

export function exitHint(exitCode: number): string {
  if (exitCode === 127) return ' (a command was not found)';
  return exitCode === 126 ? ' (a command could not be executed)' : '';
}

/** What passed would then not be what lands. */
export function changedFiles(command: string): Finding {
  return {
    severity: 'major',
    title: `\`${command}\` changed tracked files`,
    file: null,
    line: null,
    evidence:
      'A gate judges the tree that was committed and must leave it as it is. Commit what the command generates, or let it only check.',
  };
}
