import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder with `claude` and `codex`, or null when `npm run e2e:install` has not been run. */
export function installedClis(): string | null {
  const cache = resolve(process.env['MO_E2E_CACHE'] ?? join(import.meta.dirname, 'cache'));
  const folder = join(cache, 'node_modules/.bin');
  return ['claude', 'codex'].every((name) => existsSync(join(folder, name))) ? folder : null;
}

export const notInstalled =
  'The real CLIs are not installed; these tests are skipped. Install them with: npm run e2e:install';
