import { isAlive } from '../platform/process-identity.ts';
import type { TreeEnd } from '../platform/process-tree.ts';
import { attemptFiles, exitOf, readExit, readStderr, type Exit } from './attempt-files.ts';
import type { EndedBy, Settled } from './attempt.ts';
import { concludeAttempt } from './conclude-attempt.ts';
import type { Stream } from './stream.ts';
import { removeTemporaryFolder } from './temporary-folder.ts';
import type { Watch } from './watch.ts';

/** How the attempt ended, now that everything it wrote is read and every process of it is gone. */
export async function settleAttempt(
  watch: Watch,
  stream: Stream,
  tree: TreeEnd,
): Promise<Omit<Settled, 'checkpoint'>> {
  const { worker, spec, deps } = watch;
  const exit = await findExit(watch);
  const endedBy: EndedBy = watch.stopping?.by ?? (isKnown(exit) ? 'itself' : 'lost');
  const stderr = await readStderr(attemptFiles(spec.folder));
  const conclusion = concludeAttempt(stream.conclude({ ...exit, stderr }), endedBy, spec.limits);
  stream.summary.flags = stream.summary.flags.filter((flag) => flag !== 'stalled');
  await removeTemporary(watch);
  return {
    conclusion: { ...conclusion, message: deps.redact(conclusion.message) },
    goneProcesses: tree.gone,
    survivors: tree.survivors,
    endedBy,
    startedAt: worker.startedAt,
    endedAt: Math.max(worker.startedAt, exit.endedAt),
  };
}

/** The shim's note first; it is missing when the shim itself was killed, which only its parent is told. */
async function findExit({ worker, spec, deps }: Watch): Promise<Exit> {
  const noted = await readExit(attemptFiles(spec.folder));
  if (noted !== null) return noted;
  const endedAt = deps.clock.now();
  // A leader that could not be killed has no end to wait for.
  const isEnded = worker.leader !== null && !isAlive(worker.leader);
  const seen = isEnded && worker.exited !== null ? await worker.exited : null;
  if (seen === null) return { exitCode: null, signal: null, endedAt };
  return seen.exitCode === null
    ? { exitCode: null, signal: seen.signal, endedAt }
    : { ...exitOf(seen.exitCode), endedAt };
}

function isKnown({ exitCode, signal }: Exit): boolean {
  return exitCode !== null || signal !== null;
}

export async function removeTemporary({ worker, deps }: Watch): Promise<void> {
  if (worker.temporary === null) return;
  try {
    await removeTemporaryFolder(worker.temporary);
  } catch (cause) {
    // The attempt is what it is; a folder of leftovers is no reason to lose it.
    deps.log(`${worker.temporary} could not be removed: ${String(cause)}`);
  }
}
