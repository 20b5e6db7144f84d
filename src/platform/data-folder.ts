import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './environment.ts';

/** What mo keeps for a user and no project: trust, and what it has put into hosts. Outside every repository. */
export function dataFolder(env: Environment): string {
  const data = env['XDG_DATA_HOME'];
  const base =
    data !== undefined && data.startsWith('/') ? data : join(homeFolder(env), '.local', 'share');
  return join(base, 'mo');
}

export function homeFolder(env: Environment): string {
  return env['HOME'] ?? homedir();
}
