import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const cache = resolve(process.env['MO_E2E_CACHE'] ?? join(import.meta.dirname, 'cache'));

/** The folder with `claude` and `codex`, or null when `npm run e2e:install` has not been run. */
export function installedClis(): string | null {
  const folder = join(cache, 'node_modules/.bin');
  return ['claude', 'codex'].every((name) => existsSync(join(folder, name))) ? folder : null;
}

/** The script of a tool from the same cache, or null when it is not there. */
export function installedTool(script: string): string | null {
  const path = join(cache, 'node_modules', script);
  return existsSync(path) ? path : null;
}

export const notInstalled =
  'The real CLIs are not installed; these tests are skipped. Install them with: npm run e2e:install';
