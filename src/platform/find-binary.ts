import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Environment } from './environment.ts';
import { packageRoot } from './package-root.ts';

/**
 * The beginning of the argument list that starts a worker CLI, or null when it is not installed. The scripted worker ships with
 * mo and runs on the Node that runs mo; everything else is looked up on the PATH, or taken as it is when it is an absolute path.
 */
export function findBinary(name: string, env: Environment): string[] | null {
  if (name === 'mo-scripted-worker') {
    const file = join(packageRoot(), 'dist', 'scripted-worker.mjs');
    return isFile(file, constants.R_OK) ? [process.execPath, file] : null;
  }
  if (isAbsolute(name)) return isFile(name, constants.X_OK) ? [name] : null;
  if (name.includes('/')) return null;
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    // A relative entry means another folder for every worktree, so it would name another program each time.
    if (!isAbsolute(folder)) continue;
    const file = join(folder, name);
    if (isFile(file, constants.X_OK)) return [file];
  }
  return null;
}

function isFile(path: string, access: number): boolean {
  try {
    // Most folders of a PATH do not have it, and this question costs no exception.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
    accessSync(path, access);
    return true;
  } catch {
    // Whatever the reason, it cannot be started from here.
    return false;
  }
}
