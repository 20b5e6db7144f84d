import type { ChangedFile } from '../../git/blobs.ts';
import type { GateContext } from '../gate-context.ts';
import type { Outcome } from './answer.ts';
import type { FileKind } from './file-kind.ts';

/** One text to be checked. */
export type Job = {
  change: ChangedFile;
  kind: FileKind;
  /** Where its bytes lie, outside the worktree; no blanks or quotes in it. */
  file: string;
};

export type Place = {
  context: GateContext;
  /** A temp folder of this gate. */
  temp: string;
};

/** What was found out by `file`. A job that has no outcome was not checked. */
export type Outcomes = Map<string, Outcome>;

export function uncheckedAll(jobs: readonly Job[], why: string): Outcomes {
  return new Map(jobs.map(({ file }) => [file, { unchecked: why }]));
}
