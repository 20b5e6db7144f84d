import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { operations } from '../../../src/operations/operations.ts';
import { aRepository, program } from '../../mcp/controller.ts';
import { installedTool, notInstalled } from './installed-clis.ts';

const inspector = installedTool('@modelcontextprotocol/inspector/clients/launcher/build/index.js');
if (inspector === null) process.stderr.write(`${notInstalled}\n`);

const listed = z.object({ tools: z.array(z.looseObject({ name: z.string() })) });

describe.skipIf(inspector === null)('the public Inspector', () => {
  test('lists every tool, and its strict look at their schemas finds no error', async () => {
    const { exitCode, stdout } = await inspect('tools/list', '--strict');
    expect(exitCode).toBe(0);
    const { tools } = listed.parse(JSON.parse(stdout));
    expect(tools.map(({ name }) => name)).toEqual(operations.map(({ name }) => name));
  });

  test('gets data from a call, and text that says what to do from a wrong one', async () => {
    const health = await inspect('tools/call', '--tool-name', 'health');
    expect(health.exitCode).toBe(0);
    expect(JSON.parse(health.stdout)).toMatchObject({ structuredContent: { repository: true } });
    const wrong = ['--tool-name', 'output', '--tool-arg', 'run_id=r-99'];
    const output = await inspect('tools/call', ...wrong);
    // How it tells that a tool answered with an error (2.12.0).
    expect(output.exitCode).toBe(5);
    expect(output.stdout).toContain('There is no run r-99.');
  });
});

async function inspect(method: string, ...more: string[]) {
  const { folder, env } = await aRepository({});
  const server = [process.execPath, program, 'serve'];
  const args = [inspector ?? '', '--cli', ...server, '--method', method, ...more];
  return execa(process.execPath, args, { cwd: folder, env, extendEnv: false, reject: false });
}
