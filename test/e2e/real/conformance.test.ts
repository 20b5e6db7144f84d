import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpEntry, startHttpEntry } from './http-entry.ts';
import { installedTool, notInstalled } from './installed-clis.ts';

const suite = installedTool('@modelcontextprotocol/conformance/dist/index.js');
const node = nodeOf22();
if (suite === null) process.stderr.write(`${notInstalled}\n`);
if (node === null) {
  process.stderr.write(
    'The conformance suite needs Node 22 and is skipped. Run on it, or name one: MO_NODE22=/path/to/node\n',
  );
}

let entry: HttpEntry;
const bugs: unknown[] = [];

/** What the suite may miss: it brings no tools of its own, and mo has none of its fixtures and no prompts. */
const without = [
  /^Not testable: server does not list the diagnostic tool /,
  /^prompts\/list returned JSON-RPC error -32601: Method not found/,
];

describe.skipIf(suite === null || node === null)('the public conformance suite', () => {
  beforeAll(async () => {
    entry = await startHttpEntry((error) => bugs.push(error));
  });

  afterAll(() => entry.close());

  test.each([
    'server-initialize',
    'server-stateless',
    'ping',
    'tools-list',
    'resources-list',
    'sep-2164-resource-not-found',
    'caching',
    'http-header-validation',
  ])('%s', async (scenario) => {
    const args = [suite ?? '', 'server', '--url', entry.url, '--scenario', scenario, '--force'];
    const { exitCode, all } = await execa(node ?? '', args, { all: true, reject: false });
    expect(all).toMatch(/Passed: [1-9]/);
    const errors = [...all.matchAll(/^ +Error: (.*)$/gm)].map(([, what = '']) => what);
    expect(errors.filter((what) => !without.some((one) => one.test(what)))).toEqual([]);
    expect(exitCode === 0 || errors.length > 0).toBe(true);
  });

  test('none of it was a mistake in mo', () => {
    expect(bugs).toEqual([]);
  });
});

function nodeOf22(): string | null {
  const [major = 0] = process.versions.node.split('.').map(Number);
  return major >= 22 ? process.execPath : (process.env['MO_NODE22'] ?? null);
}
