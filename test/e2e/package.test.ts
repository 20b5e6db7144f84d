import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

const root = resolve(import.meta.dirname, '../..');
const packed = z
  .array(
    z.looseObject({
      filename: z.string(),
      unpackedSize: z.number(),
      files: z.array(z.looseObject({ path: z.string(), size: z.number() })),
    }),
  )
  .length(1);

const manifest = z.looseObject({
  bin: z.record(z.string(), z.string()),
  scripts: z.record(z.string(), z.string()),
});

let folder: string;
let empty: string;
let unpacked: { size: number; files: string[] };

/** Installed as npm would, but for the native addon, which is linked instead of compiled. */
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'mo-package-')));
  empty = join(folder, 'empty');
  const place = join(folder, 'node_modules');
  await mkdir(join(place, '.bin'), { recursive: true });
  await mkdir(empty);
  const flags = ['--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await execa('npm', ['pack', ...flags], { cwd: root, env: npmEnv() });
  const [made] = packed.parse(JSON.parse(stdout));
  unpacked = {
    size: made?.unpackedSize ?? 0,
    files: (made?.files ?? []).map(({ path }) => path),
  };
  await execa('tar', ['-xzf', join(folder, made?.filename ?? ''), '-C', place]);
  await execa('mv', [join(place, 'package'), join(place, 'mo-mcp')]);
  await symlink(join(root, 'node_modules/better-sqlite3'), join(place, 'better-sqlite3'));
  const { bin } = manifest.parse(
    JSON.parse(await readFile(join(place, 'mo-mcp/package.json'), 'utf8')),
  );
  for (const [name, target] of Object.entries(bin))
    await symlink(join('../mo-mcp', target), join(place, '.bin', name));
});
afterAll(async () => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 }));

test('the package has all that mo reads, and what hosts and registries read', () => {
  const wanted = [
    'dist/mo.mjs',
    'dist/scripted-worker.mjs',
    'dist/syntax-reader.mjs',
    'schema/workflow.json',
    'prompt-pack/worker.md',
    'prompt-pack/roles/testing.md',
    'prompt-pack/tasks/bugfix.md',
    'prompt-pack/recipes/team.yaml',
    'skill/orchestrate/SKILL.md',
    'skill/orchestrate/references/recovery.md',
    'skill/orchestrate/agents/openai.yaml',
    'plugin/.claude-plugin/plugin.json',
    'plugin/.codex-plugin/plugin.json',
    'plugin/.mcp.json',
    'plugin/skills/orchestrate/SKILL.md',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
  ];
  expect(wanted.filter((path) => !unpacked.files.includes(path))).toEqual([]);
});

test('it has no sources, tests, benchmarks or maps', () => {
  const parts = /^(src|test|bench|scripts|docs|node_modules|\.)|\.(map|ts|tgz)$|\.test\./;
  expect(unpacked.files.filter((path) => parts.test(path))).toEqual([]);
});

test('it has no script that npm would run, or ask about, where it is installed', async () => {
  const text = await readFile(join(folder, 'node_modules/mo-mcp/package.json'), 'utf8');
  const { scripts } = manifest.parse(JSON.parse(text));
  const ofInstalling = ['preinstall', 'install', 'postinstall', 'prepublish', 'prepare'];
  expect(ofInstalling.filter((name) => name in scripts)).toEqual([]);
  expect(scripts['prepack']).toBe('node scripts/build.mjs');
});

test('unpacked it has less than 3 MB without the native addon', () => {
  expect(unpacked.size).toBeLessThan(3_000_000);
});

const health = z.looseObject({ mo: z.string(), project: z.string(), repository: z.boolean() });

test('npx mo-mcp works in an empty folder, and leaves it empty', async () => {
  const said = await inEmpty('npx', ['--no-install', 'mo-mcp', 'health', '--json']);
  expect(health.parse(JSON.parse(said.stdout))).toMatchObject({
    project: empty,
    repository: false,
  });
  expect(await readdir(empty)).toEqual([]);
});

test('mo.mjs of the package works in an empty folder', async () => {
  const program = join(folder, 'node_modules/mo-mcp/dist/mo.mjs');
  const said = await inEmpty(process.execPath, [program, 'prompts', 'get', 'tasks/bugfix']);
  expect(said.stdout).toContain('Mend this bug');
  const list = await inEmpty(process.execPath, [program, 'workflow', 'check', '--mode', 'list']);
  expect(list.stdout).toContain('cross-review');
});

test('mo-mcp without arguments is the server', async () => {
  const transport = new StdioClientTransport({
    command: join(folder, 'node_modules/.bin/mo-mcp'),
    cwd: empty,
    env: bareEnv(),
    stderr: 'pipe',
  });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  try {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('workflow_run');
  } finally {
    await client.close();
  }
});

function inEmpty(command: string, args: readonly string[]) {
  const env = { ...npmEnv(), ...bareEnv() };
  // health says what is missing on this machine with its exit code.
  return execa(command, args, {
    cwd: empty,
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
}

function bareEnv(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: folder };
}

/** npm asks nobody for anything. */
function npmEnv(): Record<string, string> {
  return {
    npm_config_cache: join(folder, 'cache'),
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
  };
}
