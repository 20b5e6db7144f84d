import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hostsCheck } from '../../src/operations/check-hosts.ts';
import { systemClock } from '../../src/platform/clock.ts';

/** What the selftest says of a home with this entry of mo in Claude Code; null: without Claude Code. */
async function lookAt(entry: object | null): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'mo-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  if (entry !== null)
    await writeFile(join(home, '.claude.json'), JSON.stringify({ mcpServers: { mo: entry } }));
  const signal = new AbortController().signal;
  const env = { HOME: home, PATH: home };
  const check = hostsCheck({
    env,
    version: '0.1.0',
    clock: systemClock,
    signal,
    folder: home,
    project: async () => ({ root: home, git: null }),
  });
  const place = { folder: home, project: home, env, marker: 'm', clock: systemClock, signal };
  return check.run(place);
}

const args = ['-y', 'mo-mcp@^0.1.0', 'serve'];

test('without a host there is nothing to look at', async () => {
  expect(await lookAt(null)).toBe('neither Claude Code nor Codex is here');
});

test('an entry that can be started is told', async () => {
  expect(await lookAt({ command: process.execPath, args })).toBe('Claude Code: server mo');
});

test('one whose Node is gone fails, with what mends it', async () => {
  await expect(lookAt({ command: '/gone/node', args })).rejects.toThrow(
    /\/gone\/node does not exist any more.*mo install --host claude/,
  );
});
