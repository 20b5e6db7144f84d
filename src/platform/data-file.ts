import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './environment.ts';

/** A file of mo in the user's data folder: outside every repository, so that none can write it. */
export function dataFile(name: string, env: Environment): string {
  const data = env['XDG_DATA_HOME'];
  const base =
    data !== undefined && data.startsWith('/')
      ? data
      : join(env['HOME'] ?? homedir(), '.local', 'share');
  return join(base, 'mo', name);
}
