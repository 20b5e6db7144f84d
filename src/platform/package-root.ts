import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** Where mo is installed: the nearest folder above this file whose package.json is mo's. The same from the sources and from the bundle. */
export function packageRoot(): string {
  found ??= searchUpwards(dirname(fileURLToPath(import.meta.url)));
  return found;
}

let found: string | null = null;
const manifest = z.object({ name: z.string() });

function searchUpwards(folder: string): string {
  const file = join(folder, 'package.json');
  if (existsSync(file)) {
    const parsed = manifest.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (parsed.data?.name === 'mo-mcp') return folder;
  }
  const parent = dirname(folder);
  if (parent === folder) throw new Error('the package.json of mo-mcp is not above its own files');
  return searchUpwards(parent);
}
