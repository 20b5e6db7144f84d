import { join } from 'node:path';
import type { HostPlace } from '../host.ts';

export function codexFolder({ env, home }: HostPlace): string {
  const chosen = env['CODEX_HOME'] ?? '';
  return chosen === '' ? join(home, '.codex') : chosen;
}
