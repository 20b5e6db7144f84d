import { createHash } from 'node:crypto';
import type { WatchSpec } from './attempt.ts';

/** What the environment of every process of an attempt carries. The part made from the folder keeps two projects apart. */
export function markerOf({
  run,
  node,
  attempt,
  folder,
}: Pick<WatchSpec, 'run' | 'node' | 'attempt' | 'folder'>): string {
  return `${run}/${node}/${attempt}/${folderKey(folder)}`;
}

/** The same for the same folder, in any process. */
export function folderKey(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 12);
}
