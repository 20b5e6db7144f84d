import { watch } from 'node:fs';
import { basename } from 'node:path';
import type { AttemptFiles } from './attempt-files.ts';

export type FolderWatch = {
  /** False where the system has no way, or no watches left, to tell of changes: then somebody has to look. */
  isWatching: () => boolean;
  close: () => void;
};

/** Calls `onChange` when the worker wrote or its end was written down. */
export function watchFolder(files: AttemptFiles, onChange: () => void): FolderWatch {
  const names = new Set([basename(files.raw), basename(files.exit)]);
  try {
    const watcher = watch(files.folder, { persistent: false }, (_event, name) => {
      if (name === null || names.has(name)) onChange();
    });
    let watching = true;
    watcher.on('error', () => {
      watching = false;
      watcher.close();
    });
    return { isWatching: () => watching, close: () => watcher.close() };
  } catch {
    return { isWatching: () => false, close: () => undefined };
  }
}
