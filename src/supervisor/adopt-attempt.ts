import type { Checkpoint, ProcessId } from '../core/worker.ts';
import { findLeader } from '../platform/process-tree.ts';
import { attemptFiles, readCommand } from './attempt-files.ts';
import type { AdoptedAttempt, WatchDeps, WatchSpec } from './attempt.ts';
import { markerOf } from './marker.ts';
import { watchAttempt } from './watch-attempt.ts';

/**
 * Goes on watching a worker that another process started, from the checkpoint it left: every event exactly once. The worker may have
 * ended long ago; then what it left is read and it settles at once. `process` null: the owner died before it could note whom it had
 * started, so the worker is looked for by its marker.
 */
export async function adoptAttempt(
  spec: WatchSpec,
  process: ProcessId | null,
  checkpoint: Checkpoint | null,
  deps: WatchDeps,
): Promise<AdoptedAttempt> {
  const record = await readCommand(attemptFiles(spec.folder));
  const leader = process ?? findLeader(markerOf(spec));
  const watched = watchAttempt(
    {
      leader,
      exited: null,
      startedAt: record?.startedAt ?? deps.clock.now(),
      temporary: record?.temporary ?? null,
      checkpoint,
    },
    spec,
    deps,
  );
  return { process: leader, ...watched };
}
