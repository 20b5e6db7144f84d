import { build } from 'esbuild';
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** The program of `mortal-owner.ts`, bundled as mo is: it starts as fast. Below the project, where its native addon is found. */
export async function buildOwner(): Promise<{ file: string; remove: () => Promise<void> }> {
  const cache = join(root, '.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'mortal-owner-'));
  await build({
    entryPoints: { owner: join(import.meta.dirname, 'mortal-owner.ts') },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['better-sqlite3'],
    define: { MO_VERSION: JSON.stringify('0.0.0-test') },
    banner: {
      js: "import{createRequire as moRequire}from'node:module';import{fileURLToPath as moPath}from'node:url';const require=moRequire(import.meta.url),__filename=moPath(import.meta.url);",
    },
    logLevel: 'warning',
  });
  return {
    file: join(folder, 'owner.mjs'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
