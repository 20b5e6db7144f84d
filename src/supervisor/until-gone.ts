import { brokenLimit, isStalled, isVerbose, nextDue, type Pulse } from '../core/limits.ts';
import type { AttemptSummary } from '../core/worker.ts';
import { ageMs, isAlive } from '../platform/process-identity.ts';
import { attemptFiles, fileSize } from './attempt-files.ts';
import type { Checkpoints } from './checkpoints.ts';
import { beginStopping } from './end-attempt.ts';
import type { Stream } from './stream.ts';
import type { Watch } from './watch.ts';
import { watchFolder, type FolderWatch } from './watch-folder.ts';

/** A watched folder tells of growth and of the end by itself; the rest is for file systems and systems that do not tell. */
const lookEveryMs = { watching: 1000, blind: 100 };
/** Between two looks at a worker that writes line by line, so that it costs at most a hundred looks a second. */
const breathMs = 10;

/** Reads what the worker says until it is gone and all is read, or the signal lets go of it. Ends it when it is to stop. */
export async function untilGone(
  watch: Watch,
  stream: Stream,
  checkpoints: Checkpoints,
): Promise<void> {
  const { spec, deps } = watch;
  const folder = watchFolder(attemptFiles(spec.folder), watch.bell.ring);
  const takePulse = createPulse(watch, stream);
  try {
    while (deps.signal?.aborted !== true) {
      // Asked before reading: what a worker wrote before its end must be read after it.
      const wasGone = isGone(watch);
      const bytes = await stream.read();
      const now = deps.clock.monotonic();
      const pulse = takePulse(bytes, now);
      const isStalledFlag = flag(stream.summary, 'stalled', isStalled(pulse, spec.limits, now));
      const isVerboseFlag = flag(stream.summary, 'verbose', isVerbose(pulse, spec.limits));
      if (bytes > 0 || isStalledFlag || isVerboseFlag) checkpoints.noteChange();
      checkpoints.publishIfDue();
      if (!wasGone) stopIfDue(watch, pulse, now);
      if (bytes > 0) continue;
      if (wasGone) return;
      const dueMs = nextDue(pulse, spec.limits, now) - now;
      await rest(watch, folder, Math.min(dueMs, checkpoints.dueInMs()));
    }
  } finally {
    folder.close();
  }
}

function isGone({ worker, stopping }: Watch): boolean {
  return worker.leader === null || stopping?.isOver() === true || !isAlive(worker.leader);
}

function createPulse(watch: Watch, stream: Stream): (bytes: number, now: number) => Pulse {
  const { worker, spec, deps } = watch;
  const files = attemptFiles(spec.folder);
  const began = deps.clock.monotonic();
  const startedAt = began - ageOf(watch);
  // How long an adopted worker had been silent is not known, so its silence counts from here.
  let lastOutputAt = (worker.checkpoint?.rawOffset ?? 0) > 0 ? began : null;
  return (bytes, now) => {
    if (bytes > 0) lastOutputAt = now;
    return {
      startedAt,
      lastOutputAt,
      isToolRunning: Object.keys(stream.summary.runningTools).length > 0,
      outputBytes: fileSize(files.raw) + fileSize(files.stderr),
    };
  };
}

/** The system's own clock of its processes where there is one: the time of day may have been set since. */
function ageOf({ worker, deps }: Watch): number {
  const age = worker.leader === null ? null : ageMs(worker.leader);
  return age ?? Math.max(0, deps.clock.now() - worker.startedAt);
}

/** Whether that changed anything. */
function flag(summary: AttemptSummary, name: 'stalled' | 'verbose', isRaised: boolean): boolean {
  if (summary.flags.includes(name) === isRaised) return false;
  summary.flags = isRaised
    ? [...summary.flags, name]
    : summary.flags.filter((other) => other !== name);
  return true;
}

function stopIfDue(watch: Watch, pulse: Pulse, now: number): void {
  if (watch.stopping !== null) return;
  const by = watch.isStopAsked ? 'stop' : brokenLimit(pulse, watch.spec.limits, now);
  if (by !== null) watch.stopping = beginStopping(watch, by);
}

async function rest({ bell, deps }: Watch, folder: FolderWatch, dueMs: number): Promise<void> {
  const began = deps.clock.monotonic();
  const lookMs = folder.isWatching() ? lookEveryMs.watching : lookEveryMs.blind;
  await bell.wait(Math.min(lookMs, dueMs));
  const breath = breathMs - (deps.clock.monotonic() - began);
  if (breath > 0) await deps.clock.sleep(breath, deps.signal);
}
