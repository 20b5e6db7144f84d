import { closeSync, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { MoError } from '../core/problem.ts';
import type { ProcessDescription } from '../core/worker.ts';
import { errnoOf, fileProblem, writeWhole } from '../platform/files.ts';
import { startDetached } from '../platform/process.ts';
import { identify } from '../platform/process-identity.ts';
import { markerVariable } from '../platform/process-tree.ts';
import {
  attemptFiles,
  makeAttemptFolder,
  writeCommand,
  type AttemptFiles,
} from './attempt-files.ts';
import type { AttemptSpec, RunningAttempt, WatchDeps } from './attempt.ts';
import { markerOf } from './marker.ts';
import { shell, shimArguments } from './shim.ts';
import {
  makeTemporaryFolder,
  removeTemporaryFolder,
  temporaryFolderOf,
} from './temporary-folder.ts';
import { watchAttempt } from './watch-attempt.ts';
import { workerEnvironment } from './worker-environment.ts';

/**
 * Starts the worker of an attempt in a process group of its own. It writes straight into files, so it goes on when this process
 * dies; `adoptAttempt` takes it up again. Rejects with MoError `folder-missing`, `disk-full`, `workspace-unwritable`, or
 * `worker-not-started` when the system refuses to start a process at all.
 */
export async function startAttempt(spec: AttemptSpec, deps: WatchDeps): Promise<RunningAttempt> {
  await checkFolder(spec.request.folder);
  const files = attemptFiles(spec.folder);
  const description = spec.provider.describe(spec.request);
  const startedAt = deps.clock.now();
  const temporary = temporaryFolderOf(spec.folder, spec.env['TMPDIR']);
  const env = environmentOf(spec, description, temporary);
  const argv = [...spec.command, ...description.args];
  await makeAttemptFolder(files);
  await writeWhole(files.prompt, spec.prompt, 0o600);
  for (const file of description.files) await writeWhole(file.path, file.content, 0o600);
  await writeCommand(files, {
    argv: argv.map(deps.redact),
    folder: spec.request.folder,
    env: Object.keys(env).toSorted(),
    marker: markerOf(spec),
    temporary,
    startedAt,
  });
  await makeTemporaryFolder(temporary);
  const output = openOutput(files);
  const started = await startDetached(shell, shimArguments(files.exit, argv), {
    cwd: spec.request.folder,
    env,
    ...output,
  }).catch(async (cause: unknown) => {
    await removeTemporaryFolder(temporary);
    throw startProblem(spec, cause);
  });
  const leader = identify(started.pid);
  // Nothing has been waited for since it was started, so it cannot have been reaped yet: even a dead one is still in the table.
  if (leader === null) throw new Error(`process ${started.pid} was started but is not there`);
  const watched = watchAttempt(
    { leader, exited: started.exited, startedAt, temporary, checkpoint: null },
    spec,
    deps,
  );
  return { process: leader, ...watched };
}

async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory() !== true) throw new MoError({ code: 'folder-missing', folder });
}

/** `E2BIG`: arguments and environment are too long together; `EAGAIN`, `ENOMEM`: the machine is full. */
function startProblem({ provider, command }: AttemptSpec, cause: unknown): unknown {
  const reason = errnoOf(cause);
  if (reason === null) return cause;
  const what = command.join(' ');
  return new MoError(
    { code: 'worker-not-started', provider: provider.name, command: what, reason },
    { cause },
  );
}

/** Descriptors, not pipes: no end and no slowness of this process can then break, block or cut what the worker says. */
function openOutput(files: AttemptFiles): { stdin: number; stdout: number; stderr: number } {
  const opened: number[] = [];
  try {
    const open = (path: string, flags: 'r' | 'a'): number => {
      const descriptor = openSync(path, flags, 0o600);
      opened.push(descriptor);
      return descriptor;
    };
    return {
      stdin: open(files.prompt, 'r'),
      stdout: open(files.raw, 'a'),
      stderr: open(files.stderr, 'a'),
    };
  } catch (cause) {
    for (const descriptor of opened) closeSync(descriptor);
    throw fileProblem(files.raw, cause);
  }
}

function environmentOf(
  spec: AttemptSpec,
  description: ProcessDescription,
  temporary: string,
): Record<string, string> {
  const outer = spec.env[markerVariable];
  const own = markerOf(spec);
  return workerEnvironment({
    caller: spec.env,
    description,
    profileEnv: spec.request.profileEnv,
    attempt: {
      TMPDIR: temporary,
      // A worker that a worker started belongs to both attempts, and ends with either.
      [markerVariable]: outer === undefined || outer === '' ? own : `${outer} ${own}`,
      MO_NODE: spec.node,
      MO_ATTEMPT_NO: String(spec.attempt),
    },
  });
}
