import type { Checkpoint, ProcessId } from '../core/worker.ts';
import type { Detached } from '../platform/process.ts';
import type { TreeEnd } from '../platform/process-tree.ts';
import type { EndedBy, WatchDeps, WatchSpec } from './attempt.ts';
import type { Bell } from './bell.ts';

/** A worker that was started, by whomever. */
export type WatchedWorker = {
  /** The shim, which leads the group and lives as long as the worker; null: not to be found. */
  leader: ProcessId | null;
  /** null when this process did not start it, and so cannot be told of its end. */
  exited: Detached['exited'] | null;
  /** Milliseconds since 1970. */
  startedAt: number;
  temporary: string | null;
  checkpoint: Checkpoint | null;
};

/** What the parts of watching share. */
export type Watch = {
  worker: WatchedWorker;
  spec: WatchSpec;
  deps: WatchDeps;
  bell: Bell;
  /** Aborted when the worker is to be killed without further asking. */
  hurry: AbortSignal;
  isStopAsked: boolean;
  /** `onCheckpoint` has thrown: the caller has been replaced, or cannot keep anything any more. */
  isRefused: boolean;
  /** Set once, when the supervisor has begun to end the worker. */
  stopping: Stopping | null;
};

/** Why a worker is being ended, and the ending, which goes on while its last words are read. */
export type Stopping = { by: EndedBy; tree: Promise<TreeEnd>; isOver: () => boolean };
