import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { ModelReply, ModelRequest } from '../../../src/selftest/model-servers/model-script.ts';
import { installedClis, notInstalled } from './installed-clis.ts';
import { bundle, makeTeamRig, type TeamRig } from './team-rig.ts';

const clis = installedClis();
if (clis === null) process.stderr.write(`${notInstalled}\n`);

const wanted = 'Drive mo for me.';
let rig: TeamRig | null = null;

describe.skipIf(clis === null)('a coding agent drives mo over MCP', () => {
  afterEach(async () => {
    await rig?.end();
    rig = null;
  });

  test.each([
    { host: 'claude', worker: 'codex', command: askClaude },
    { host: 'codex', worker: 'claude', command: askCodex },
  ])('$host starts a run of $worker, polls it and reads its result', async (drive) => {
    rig = await makeTeamRig(clis ?? '', (request) =>
      request.prompts.some((prompt) => prompt.includes(wanted))
        ? control(request, drive.worker)
        : work(request),
    );
    const said = await rig.run(drive.host, drive.command());
    expect(said.stderr).not.toContain('unsupported call');
    expect(said.stdout).toContain('The result was read');
    expect(said.stdout).toContain('forty-two endpoints');
    expect(said.exitCode).toBe(0);
    const list = await rig.mo('list', '--json');
    expect(list.stdout).toContain('succeeded');
  });
});

/** The model of the host: start, wait, read, say. */
function control({ results, prompts }: ModelRequest, worker: string): ModelReply {
  const last = results.at(-1);
  if (last === undefined) {
    const input = { task: 'Count the endpoints.', provider: worker };
    return [{ tool: { name: 'mcp__mo__run', input } }];
  }
  const runId = z.string().parse(/"run_id":\s*"([^"]+)"/.exec(results[0]?.text ?? '')?.[1]);
  if (!last.text.includes('forty-two endpoints')) {
    const cursor = /"cursor":\s*"([^"]+)"/.exec(last.text)?.[1];
    const since = cursor === undefined ? {} : { since: cursor };
    const isOver = /"state":\s*"succeeded"/.test(last.text);
    const tool = isOver
      ? { name: 'mcp__mo__output', input: { run_id: runId, part: 'result' } }
      : { name: 'mcp__mo__poll', input: { run_id: runId, wait_s: 20, ...since } };
    if (results.length > 12) throw new Error(`no result after ${prompts[0]}: ${last.text}`);
    return [{ tool }];
  }
  return [{ text: `The result was read: ${last.text}` }];
}

/** The model of the worker. */
function work(request: ModelRequest): ModelReply {
  const handoff = {
    status: 'pass',
    summary: 'There are forty-two endpoints.',
    changed_files: [],
    commands: [],
    notes: null,
  };
  if (request.schema !== null) return [{ structured: handoff }];
  return [
    { text: `There are forty-two endpoints.\n\n\`\`\`json\n${JSON.stringify(handoff)}\n\`\`\`` },
  ];
}

function askClaude(): string[] {
  const servers = { mo: { command: process.execPath, args: [bundle, 'serve'] } };
  return [
    '-p',
    wanted,
    '--setting-sources',
    'user',
    '--strict-mcp-config',
    '--mcp-config',
    JSON.stringify({ mcpServers: servers }),
    '--allowedTools',
    'mcp__mo',
  ];
}

function askCodex(): string[] {
  return [
    'exec',
    '--disable',
    'plugins',
    '--disable',
    'apps',
    '-c',
    `mcp_servers.mo.command=${JSON.stringify(process.execPath)}`,
    '-c',
    `mcp_servers.mo.args=${JSON.stringify([bundle, 'serve'])}`,
    // Without an approval exec refuses every tool that does not only read.
    '-c',
    'mcp_servers.mo.default_tools_approval_mode="approve"',
    // Codex gives a server none of these by itself.
    '-c',
    'mcp_servers.mo.env_vars=["ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "CODEX_API_KEY"]',
    wanted,
  ];
}
