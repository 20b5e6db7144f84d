import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { ModelScript } from '../../../src/selftest/model-servers/model-script.ts';
import { installedClis, notInstalled } from './installed-clis.ts';
import { bundle, makeTeamRig, type Said, type TeamRig } from './team-rig.ts';

const clis = installedClis();
if (clis === null) process.stderr.write(`${notInstalled}\n`);

const root = resolve(import.meta.dirname, '../../..');
const goal = 'Validate all input, "quoted" words and --flags too';
const skillWords = 'You are the controller: you decide what is done and judge the proof';
const manifest = z.looseObject({
  mcpServers: z.looseObject({ mo: z.looseObject({ command: z.string() }) }),
});

let rig: TeamRig;
/** All that the model was ever shown, as it came over the wire. */
let shown: string[];
let script: ModelScript;

describe.skipIf(clis === null)('the plugin and the skill in the real hosts', () => {
  beforeEach(async () => {
    shown = [];
    script = () => [{ text: 'Nothing to do.' }];
    rig = await makeTeamRig(clis ?? '', (request) => {
      shown.push(JSON.stringify(request.raw));
      return script(request);
    });
  });

  afterEach(() => rig.end());

  test('claude finds nothing wrong with the plugin and its marketplace, strictly and for a directory', async () => {
    const plugin = join(root, 'plugin');
    for (const args of [[plugin], [plugin, '--profile', 'directory'], [root]]) {
      const said = await rig.run('claude', ['plugin', 'validate', ...args, '--strict', '--json']);
      expect(said).toMatchObject({ exitCode: 0, json: { success: true } });
    }
  });

  test('claude takes the plugin from the marketplace, and /orchestrate with it', async () => {
    const marketplace = await aMarketplace();
    await succeeds('claude', ['plugin', 'marketplace', 'add', marketplace, '--json']);
    await succeeds('claude', ['plugin', 'install', 'mo@mo-mcp', '--json']);
    const list = await succeeds('claude', ['plugin', 'list', '--json']);
    expect(list.json).toMatchObject([{ id: 'mo@mo-mcp', enabled: true }]);
    script = callsHealth('mcp__plugin_mo_mo__health');
    const said = await rig.run('claude', ['-p', `/orchestrate ${goal}`]);
    expect(said.stdout).toContain('mo is there');
    expectSkill('ARGUMENTS: ');
  });

  test('codex takes the plugin from the marketplace, and $mo:orchestrate with it', async () => {
    const marketplace = await aMarketplace();
    await succeeds('codex', ['plugin', 'marketplace', 'add', marketplace, '--json']);
    await succeeds('codex', ['plugin', 'add', 'mo@mo-mcp', '--json']);
    const list = await succeeds('codex', ['plugin', 'list', '--json']);
    expect(list.json).toMatchObject({ installed: [{ pluginId: 'mo@mo-mcp', enabled: true }] });
    script = callsHealth('mcp__mo__health');
    const said = await rig.run('codex', ['exec', `$mo:orchestrate ${goal}`]);
    expect(said.stdout).toContain('mo is there');
    expectSkill();
  });

  test.each([
    { host: 'claude', folder: '.claude/skills', args: ['-p', `/orchestrate ${goal}`] },
    { host: 'codex', folder: '.agents/skills', args: ['exec', `$orchestrate ${goal}`] },
  ])('$host has the skill from $folder as well', async ({ host, folder, args }) => {
    const home = rig.env['HOME'] ?? '';
    await mkdir(join(home, folder), { recursive: true });
    await cp(join(root, 'skill/orchestrate'), join(home, folder, 'orchestrate'), {
      recursive: true,
    });
    await succeeds(host, args);
    expectSkill();
  });
});

/** The repository's marketplaces and plugin, with this build as the server: npx would ask the network for it. */
async function aMarketplace(): Promise<string> {
  const folder = join(rig.folder, 'marketplace');
  for (const part of ['.claude-plugin', '.agents', 'plugin'])
    await cp(join(root, part), join(folder, part), { recursive: true });
  const file = join(folder, 'plugin/.mcp.json');
  const { mcpServers } = manifest.parse(JSON.parse(await readFile(file, 'utf8')));
  const mo = { ...mcpServers.mo, command: process.execPath, args: [bundle, 'serve'] };
  await writeFile(file, JSON.stringify({ mcpServers: { mo } }));
  return folder;
}

async function succeeds(command: string, args: readonly string[]): Promise<Said> {
  const said = await rig.run(command, args);
  if (said.exitCode !== 0) throw new Error(`${command} ${args.join(' ')}: ${said.stderr}`);
  return said;
}

/** The skill allows what only reads, so nobody is asked. */
function callsHealth(tool: string): ModelScript {
  return ({ results }) => {
    const last = results.at(-1);
    if (last === undefined) return [{ tool: { name: tool, input: {} } }];
    const isHealth = last.text.includes(rig.project) && !last.isError;
    return [{ text: isHealth ? 'mo is there' : `no mo: ${last.text}` }];
  };
}

/** Whole, with what the user wrote. The model is shown too much to print it all. */
function expectSkill(...more: string[]): void {
  const seen = shown.join();
  const written = JSON.stringify(goal).slice(1, -1);
  const wanted = [skillWords, 'Never delete worktrees', written, ...more];
  expect(wanted.filter((words) => !seen.includes(words))).toEqual([]);
}
