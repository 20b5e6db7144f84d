import { execa } from 'execa';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const script = resolve(import.meta.dirname, '../../install/install.sh');
let bin: string;

beforeEach(async () => {
  bin = join(await mkdtemp(join(tmpdir(), 'mo-script-')), 'bin');
  await mkdir(bin);
});

afterEach(() => rm(join(bin, '..'), { recursive: true }));

async function run(...args: string[]): Promise<{ exitCode: number; said: string }> {
  const env = { PATH: bin };
  const options = { env, extendEnv: false, reject: false, all: true } as const;
  const { exitCode = -1, all } = await execa('/bin/sh', [script, ...args], options);
  return { exitCode, said: all };
}

test('install.sh hands its flags to mo install', async () => {
  await writeFile(join(bin, 'npx'), '#!/bin/sh\nprintf "%s|" "$@"\n', { mode: 0o755 });
  expect(await run('--host', 'codex', '--dry-run')).toEqual({
    exitCode: 0,
    said: '-y|mo-mcp@latest|install|--host|codex|--dry-run|',
  });
});

test('install.sh says what is missing where there is no Node', async () => {
  await symlink('/bin/sh', join(bin, 'sh'));
  const { exitCode, said } = await run();
  expect(exitCode).toBe(5);
  expect(said).toContain('mo needs Node 20.19 or newer');
});
