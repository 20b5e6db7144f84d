import type { Part } from './install-record.ts';

/** One thing an installation would do. Planning reads everything and writes nothing. */
export type Step = {
  kind: Part['kind'];
  /** The file or folder it is about. */
  path: string;
  change: 'new' | 'changed' | 'same';
  /** One line: what will stand there. */
  what: string;
  /** The host's own command where that writes it; null: mo writes it. */
  by: string | null;
  /** What changes, line by line; null where there is no text to compare. */
  diff: string | null;
  /** `announce` is told before anything is written what would undo it if mo were cut off; null: nothing was written after all. */
  apply: (announce: Announce) => Promise<Part>;
};

export type Announce = (part: Part | null) => Promise<void>;
