import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../platform/environment.ts';

/** A home of its own below the folder; of the caller's environment only what finds programs and shows their words. */
export async function checkEnvironment(folder: string, caller: Environment): Promise<Environment> {
  const home = join(folder, 'home');
  const temporary = join(folder, 'tmp');
  await Promise.all([mkdir(home), mkdir(temporary)]);
  return {
    PATH: caller['PATH'] ?? '',
    LANG: caller['LANG'],
    HOME: home,
    TMPDIR: temporary,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_DATA_HOME: join(home, '.local/share'),
    XDG_STATE_HOME: join(home, '.local/state'),
    XDG_CACHE_HOME: join(home, '.cache'),
    GIT_CONFIG_GLOBAL: '/dev/null',
    NO_COLOR: '1',
  };
}
