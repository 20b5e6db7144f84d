import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { MoError } from '../core/problem.ts';

/** Loaded on use: commands that need no database start without it. */
export async function loadSqlite() {
  await checkAddon({ node: process.versions.node, from: import.meta.url });
  return (await import('better-sqlite3')).default;
}

/** better-sqlite3 13 kills a Node older than 22 with a segmentation fault when a database is opened, so it has to be told before. */
export async function checkAddon(asked: { node: string; from: string }): Promise<void> {
  const version = await installedVersion(asked.from);
  if (majorOf(version) >= 13 && majorOf(asked.node) < 22) {
    throw new MoError({
      code: 'addon-missing',
      reason: `better-sqlite3 ${version} needs Node 22 and this is ${asked.node}. On Node 20 it has to be version 12: npm install better-sqlite3@12`,
    });
  }
}

async function installedVersion(from: string): Promise<string> {
  try {
    const main = createRequire(from).resolve('better-sqlite3');
    const text = await readFile(new URL('../package.json', pathToFileURL(main)), 'utf8');
    return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
  } catch (cause) {
    throw new MoError(
      { code: 'addon-missing', reason: 'the package better-sqlite3 is not installed' },
      { cause },
    );
  }
}

function majorOf(version: string): number {
  return Number(version.split('.')[0]);
}
