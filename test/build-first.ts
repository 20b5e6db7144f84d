import { spawnSync } from 'node:child_process';

/** Child processes of the tests run what users run: the bundle. Once per `vitest` call, a tenth of a second. */
export function setup(): void {
  const built = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
  if (built.status !== 0) throw new Error('scripts/build.mjs failed');
}
