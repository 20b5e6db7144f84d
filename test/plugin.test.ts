import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { inflateSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { passedNames } from '../src/hosts/codex/passed-names.ts';

const root = resolve(import.meta.dirname, '..');
const run = promisify(execFile);
const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
const mo = z
  .looseObject({ name: z.string(), version: z.string(), mcpName: z.string(), license: z.string() })
  .parse(read('package.json'));

test('plugin/, the marketplaces and server.json are what scripts/plugin.mjs makes', async () => {
  const said = await run(process.execPath, [join(root, 'scripts/plugin.mjs'), '--check']);
  expect(said.stderr).toBe('');
});

test('a file that was changed, and one that does not belong there, would be seen', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mo-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const parts = ['scripts', 'skill', 'install', 'plugin', 'package.json', 'LICENSE', 'server.json'];
  for (const part of [...parts, '.claude-plugin', '.agents'])
    await cp(join(root, part), join(folder, part), { recursive: true });
  await writeFile(join(folder, 'plugin/README.md'), 'Something else.\n');
  await writeFile(join(folder, 'plugin/plugin.json'), '{}\n');
  const script = join(folder, 'scripts/plugin.mjs');
  const checked = run(process.execPath, [script, '--check']);
  await expect(checked).rejects.toThrow(
    /plugin\/README\.md is not[\s\S]*plugin\/plugin\.json is not/,
  );
  await run(process.execPath, [script]);
  await expect(run(process.execPath, [script, '--check'])).resolves.toMatchObject({ stderr: '' });
  expect(existsSync(join(folder, 'plugin/plugin.json'))).toBe(false);
});

test.each(['plugin/.claude-plugin/plugin.json', 'plugin/.codex-plugin/plugin.json'])(
  '%s says what package.json says, and what it names is there',
  (path) => {
    const manifest = z.looseObject({ icon: z.string().optional() }).parse(read(path));
    expect(manifest).toMatchObject({ name: 'mo', version: mo.version, license: mo.license });
    const named = [manifest.icon, manifest['skills'], manifest['mcpServers']];
    for (const one of named.filter((value) => typeof value === 'string'))
      expect(existsSync(join(root, 'plugin', one))).toBe(true);
  },
);

test('what Codex shows of the plugin fits where it is shown', () => {
  const { interface: shown } = z
    .looseObject({
      interface: z.looseObject({
        shortDescription: z.string(),
        defaultPrompt: z.array(z.string().max(128)).max(3),
      }),
    })
    .parse(read('plugin/.codex-plugin/plugin.json'));
  expect(shown.defaultPrompt.every((prompt) => prompt.includes('$mo:orchestrate'))).toBe(true);
});

test('the server of the plugin has what both hosts need, and approves nothing in advance', () => {
  const { mcpServers } = z
    .strictObject({
      mcpServers: z.strictObject({
        mo: z.strictObject({
          type: z.literal('stdio'),
          command: z.literal('npx'),
          args: z.array(z.string()),
          env_vars: z.array(z.string().regex(/^[A-Za-z_]+$/)),
          startup_timeout_sec: z.number(),
          tool_timeout_sec: z.number().min(60),
        }),
      }),
    })
    .parse(read('plugin/.mcp.json'));
  expect(mcpServers.mo.args).toEqual(['-y', `${mo.name}@^${mo.version}`, 'serve']);
  // The same as `mo install` writes: what works directly works as a plugin.
  expect(mcpServers.mo.env_vars).toEqual(passedNames);
});

test('there is nothing in the plugin that makes a host prefer another form of it', () => {
  for (const path of ['plugin.json', 'mcp.json', 'commands', 'agents', 'hooks'])
    expect(existsSync(join(root, 'plugin', path))).toBe(false);
});

test('both marketplaces lead to the plugin', () => {
  const source = z.union([z.string(), z.looseObject({ path: z.string() })]);
  const marketplace = z.looseObject({
    name: z.literal(mo.name),
    plugins: z.array(z.looseObject({ name: z.literal('mo'), source })).length(1),
  });
  for (const path of ['.claude-plugin/marketplace.json', '.agents/plugins/marketplace.json']) {
    const [plugin] = marketplace.parse(read(path)).plugins;
    const place = typeof plugin?.source === 'string' ? plugin.source : plugin?.source.path;
    expect(place).toBe('./plugin');
  }
});

test('server.json names the package as the registry will find it', () => {
  const entry = z
    .looseObject({ description: z.string().max(100), packages: z.array(z.unknown()).length(1) })
    .parse(read('server.json'));
  expect(entry).toMatchObject({
    name: mo.mcpName,
    version: mo.version,
    packages: [
      {
        registryType: 'npm',
        identifier: mo.name,
        version: mo.version,
        transport: { type: 'stdio' },
      },
    ],
  });
  expect(mo.mcpName).toMatch(/^[a-z0-9.-]+\/[a-z0-9-]+$/);
  expect(mo.version).toMatch(/^\d+\.\d+\.\d+/);
});

test('the icon is a square PNG whose pixels can be read', () => {
  const icon = readFileSync(join(root, 'plugin/.claude-plugin/icon.png'));
  expect(icon.subarray(1, 4).toString('latin1')).toBe('PNG');
  const [width, height] = [icon.readUInt32BE(16), icon.readUInt32BE(20)];
  expect(width).toBe(height);
  const data = icon.indexOf('IDAT');
  const pixels = inflateSync(icon.subarray(data + 4, data + 4 + icon.readUInt32BE(data - 4)));
  expect(pixels.length).toBe(height * (width / 2 + 1));
});

test('the README of the plugin says in more than 40 words what it does', () => {
  const text = readFileSync(join(root, 'plugin/README.md'), 'utf8');
  expect(text.split(/\s+/).length).toBeGreaterThan(40);
  expect(readFileSync(join(root, 'plugin/LICENSE'), 'utf8')).toBe(
    readFileSync(join(root, 'LICENSE'), 'utf8'),
  );
});
