import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type {
  ModelRequest,
  ModelScript,
} from '../../../src/selftest/model-servers/model-script.ts';
import { pollOutput } from '../../../src/operations/poll.ts';
import { type ControllerCost, controllerCost } from './controller-cost.ts';
import type { Host } from './hosts-command.ts';
import { controller, type Move, type Seen, seenIn } from './hosts-controller.ts';
import { installedClis, notInstalled } from './installed-clis.ts';
import { makeTeamRig, type Said, type TeamRig } from './team-rig.ts';
import { files, giveTurn, workflow, writeBook } from './twelve-nodes.ts';

const clis = installedClis();
if (clis === null) process.stderr.write(`${notInstalled}\n`);

const goal = 'Add eight routes that refuse bad bodies, and merge them when they are proved.';
const tools = ['health', 'workflow_check', 'workflow_run', 'poll', 'output', 'land'];
/** A host, how mo is in it, and how its model comes to the tools. */
type Way = {
  host: Host;
  mode: 'direct' | 'plugin';
  what: string;
  call: string;
  env?: readonly string[];
  flags?: readonly string[];
};

let rig: TeamRig;
let script: ModelScript;
let bookFile: string;

describe.skipIf(clis === null)('the skill that mo install puts into a host', () => {
  beforeEach(async () => {
    rig = await makeTeamRig(clis ?? '', (request) => script(request));
    bookFile = await writeBook(rig.folder);
  });

  afterEach(() => rig.end());

  test.each<Way>([
    { host: 'claude', mode: 'direct', what: 'searches for tools', call: '/orchestrate' },
    {
      host: 'claude',
      mode: 'direct',
      what: 'loads every tool',
      call: '/orchestrate',
      env: ['ENABLE_TOOL_SEARCH=false'],
    },
    { host: 'claude', mode: 'plugin', what: 'searches for tools', call: '/mo:orchestrate' },
    { host: 'codex', mode: 'direct', what: 'loads every tool', call: '$orchestrate' },
    {
      host: 'codex',
      mode: 'direct',
      what: 'searches for tools',
      call: '$orchestrate',
      flags: ['--model=gpt-5.5'],
    },
    {
      host: 'codex',
      mode: 'direct',
      what: 'calls tools from scripts',
      call: '$orchestrate',
      flags: ['--model=gpt-6.1-sol'],
    },
    {
      host: 'codex',
      mode: 'plugin',
      what: 'searches for tools',
      call: '$mo:orchestrate',
      flags: ['--model=gpt-5.5'],
    },
  ])('$host $what, with mo as $mode: twelve nodes cost less than 8,000 tokens', async (way) => {
    const { host, what, mode } = way;
    const without = await firstRequestWithoutMo(way);
    await install(way);
    script = controller(walk, tools);
    const said = await ask(way, `${way.call} ${goal}`);
    expect(said.stdout).toContain('Twelve nodes are verified and merged.');

    const last = lastRequest(host);
    const seen = seenIn(last);
    expect(seen.filter(({ isError }) => isError)).toEqual([]);
    expect([...new Set(seen.map(({ tool }) => tool))]).toEqual(tools);
    const polls = seen.filter(({ tool }) => tool === 'poll');
    expect(polls.every(({ data }) => pollOutput.parse(data).changed)).toBe(true);
    expect(pollOutput.parse(polls.at(-1)?.data)).toMatchObject({
      state: 'succeeded',
      counts: { verified: 12 },
    });
    const [report, receipt] = seen.filter(({ tool }) => tool === 'output');
    expect(report?.text).toContain('12 (12 verified)');
    expect(receipt?.data).toMatchObject({ node: 'verify' });
    expect(receipt?.text).toMatch(/"name": "npm test",\s+"pass": true/);
    expect(seen.at(-1)?.data).toMatchObject({ how: 'merge', landed: true, target: 'main' });
    const branch = `mo/${runIdIn(seen)}`;
    for (const place of [branch, 'main']) {
      const tree = await rig.git('ls-tree', '-r', '--name-only', place);
      expect(tree.split('\n')).toEqual(expect.arrayContaining(files));
    }

    const cost = controllerCost(last, without);
    process.stderr.write(`${host} ${what}, ${mode}: ${told(cost)}\n`);
    expect(cost.calls).toBeLessThanOrEqual(24);
    expect(cost.received).toBeLessThan(8_000);
  });
});

/** The path that the skill describes, as a careful model goes it. */
async function walk(seen: readonly Seen[]): Promise<Move> {
  const last = seen.at(-1);
  if (last === undefined) return { call: 'health', input: {} };
  const { tool, text, data } = last;
  if (tool === 'health') return { call: 'workflow_check', input: { workflow, mode: 'dry_run' } };
  if (tool === 'workflow_check') {
    const wish = { workflow, budget: { usd: 10 }, land: 'branch', client_key: 'eight-routes' };
    return { call: 'workflow_run', input: wish };
  }
  const run_id = runIdIn(seen);
  if (tool === 'workflow_run' || (tool === 'poll' && isUnderWay(last))) {
    await giveTurn(rig.folder, seen.filter((one) => one.tool === 'poll').length);
    return {
      call: 'poll',
      input: { run_id, since: answer.parse(data).cursor ?? null, wait_s: 25 },
    };
  }
  if (tool === 'poll') return { call: 'output', input: { run_id, part: 'report', max_bytes: 600 } };
  const outputs = seen.filter((one) => one.tool === 'output').length;
  if (outputs === 1) return { call: 'output', input: { run_id, part: 'receipt' } };
  if (tool === 'output') return { call: 'land', input: { run_id, how: 'merge', confirm: true } };
  return { say: text.includes('"landed":true') ? 'Twelve nodes are verified and merged.' : text };
}

const answer = z.looseObject({ run_id: z.string(), cursor: z.string().optional() });

function isUnderWay({ data }: Seen): boolean {
  return ['running', 'needs', 'stopping'].includes(pollOutput.parse(data).state);
}

function runIdIn(seen: readonly Seen[]): string {
  return answer.parse(seen.find(({ tool }) => tool === 'workflow_run')?.data).run_id;
}

function told({ calls, bytes, skill, tools: list, answers, received, inAll }: ControllerCost) {
  return `${calls} calls; ${bytes} bytes received, ${received} tokens: skill ${skill}, tools ${list}, answers ${answers}; with its own words and those of the host ${inAll}`;
}

async function firstRequestWithoutMo(way: Way): Promise<ModelRequest> {
  script = () => [{ text: 'Nothing to do.' }];
  await ask(way, goal);
  return lastRequest(way.host);
}

async function install({ host, mode }: Way): Promise<void> {
  const approve = ['--approve', 'workflow_run,land'];
  const said = await rig.mo('install', '--yes', '--host', host, '--mode', mode, ...approve);
  if (said.exitCode !== 0) throw new Error(`${said.stdout}\n${said.stderr}`);
  if (host === 'claude') return;
  // Codex gives a server only what is named, and the scripted workers are no matter of the installer.
  const codex = rig.env['CODEX_HOME'] ?? '';
  const names = await readdir(codex, { recursive: true });
  const plugin = names.find((name) => name.endsWith('.mcp.json'));
  const file = join(codex, plugin ?? 'config.toml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/(env_vars"? ?[=:] ?\[)/, '$1"MO_SCRIPT", '));
}

function ask({ host, env = [], flags = [] }: Way, words: string): Promise<Said> {
  const start = host === 'claude' ? ['claude', '-p'] : ['codex', 'exec', ...flags];
  return rig.run('env', [`MO_SCRIPT=${bookFile}`, ...env, ...start, words]);
}

function lastRequest(host: Host): ModelRequest {
  const { requests } = host === 'claude' ? rig.anthropic : rig.openai;
  const last = requests.at(-1);
  if (last === undefined) throw new Error('the host asked no model');
  return last;
}
