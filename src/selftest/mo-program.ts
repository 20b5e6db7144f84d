import { join } from 'node:path';
import { packageRoot } from '../platform/package-root.ts';

/** The beginning of the argument list that starts this very mo, on the Node that runs it. */
export function moProgram(): readonly [node: string, file: string] {
  return [process.execPath, join(packageRoot(), 'dist', 'mo.mjs')];
}
