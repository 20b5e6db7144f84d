import type { Limits, BrokenLimit } from '../core/limits.ts';
import type { Checkpoint, Conclusion, ProcessId, Provider, WorkerRequest } from '../core/worker.ts';
import type { Clock } from '../platform/clock.ts';
import type { Environment } from '../platform/environment.ts';

/** All that is needed to watch a worker, whoever started it. */
export type WatchSpec = {
  run: string;
  node: string;
  attempt: number;
  provider: Provider;
  /** The attempt's folder, absolute: `runs/<run>/nodes/<node>/<attempt>`. */
  folder: string;
  limits: Limits;
};

/** All that is needed to start one. */
export type AttemptSpec = WatchSpec & {
  /** What starts the provider's command: its path, or an interpreter and a script. */
  command: readonly string[];
  request: WorkerRequest;
  prompt: string;
  /** The caller's environment; the worker sees what the allow-list lets through. */
  env: Environment;
};

export type WatchDeps = {
  clock: Clock;
  redact: (text: string) => string;
  /**
   * Called at most every 250 ms while there is something new, and once at the end. When it throws, `settled` rejects with that and
   * the worker is let go of, as by `signal`: its events belong to the next owner then.
   */
  onCheckpoint: (checkpoint: Checkpoint) => void;
  /** One line about what went wrong beside the attempt and changes nothing about it. */
  log: (line: string) => void;
  /** Aborted: let the worker go on by itself; another owner may adopt it. */
  signal?: AbortSignal;
};

/** `itself`: nobody made it end. `lost`: it ended while nobody watched and left no exit code. */
export type EndedBy = 'itself' | BrokenLimit | 'stop' | 'lost';

export type Settled = {
  /** `message` is redacted; the answer is as the worker gave it. */
  conclusion: Conclusion;
  /** The last one, summary included; it went to `onCheckpoint` too. */
  checkpoint: Checkpoint;
  /** Every process of the attempt that was seen and is proven gone. */
  goneProcesses: readonly ProcessId[];
  /** What not even SIGKILL ended within ten seconds. */
  survivors: readonly ProcessId[];
  endedBy: EndedBy;
  /** Milliseconds since 1970. */
  startedAt: number;
  endedAt: number;
};

export type RunningAttempt = {
  process: ProcessId;
  /** `ask`: interrupt, terminate, kill, with a grace between them. `force`: kill now, also in the middle of asking. */
  stop: (how: 'ask' | 'force') => void;
  /**
   * The one end of the attempt, with no process left; `released` when `signal` let go of it first. Rejects with MoError `disk-full`
   * or `workspace-unwritable` when its events could not be written: the worker was ended then, what it wrote itself is still there.
   */
  settled: Promise<Settled | 'released'>;
};

/** `process` is null when there is none to be found: it never started, or ended long ago. */
export type AdoptedAttempt = Omit<RunningAttempt, 'process'> & { process: ProcessId | null };
