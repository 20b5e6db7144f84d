import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aNode } from '../core/build.ts';
import { aHouse } from './house.ts';

/** Nothing in its looks says that it is a key. */
const opaque = 'opaque0without0any0look0of0a0key0';

test('what a profile of mo.yaml holds lands nowhere, and nothing that is kept holds it', async () => {
  const house = await aHouse();
  Object.assign(house.engine.env, { MY_OPAQUE: opaque });
  const value = { status: 'pass', summary: `my key is ${opaque}`, changed_files: ['a.txt'] };
  await house.script({
    one: [
      { do: 'say', text: `using ${opaque}` },
      { do: 'write', path: 'a.txt', text: `${opaque}\n` },
      { do: 'handoff', value },
    ],
  });
  const runId = await house.create({
    nodes: [
      aNode('one', {
        provider: 'scripted',
        profile: 'deep',
        write: true,
        scope: 'any',
        retries: 0,
        // It would print the value into its evidence.
        gates: [{ gate: 'command', command: 'cat a.txt; false', timeoutMs: null }],
      }),
    ],
    settings: {
      keep_raw: false,
      providers: { scripted: { profiles: { deep: { env: { SOME_KEY: '${MY_OPAQUE}' } } } } },
    },
  });
  await house.own(runId);
  const judged = house.events(runId).flatMap((event) => {
    return event.type === 'gate.judged' && event.verdict.name === 'secrets' ? [event.verdict] : [];
  });
  expect(judged).toMatchObject([
    { pass: false, findings: [{ severity: 'critical', file: 'a.txt' }] },
  ]);
  expect(house.store.view(runId)).toMatchObject({ state: 'failed', landed: null });
  expect(JSON.stringify(house.events(runId))).not.toContain(opaque);
  const kept = await filesBelow(house.engine.paths.folder);
  const holding = kept.filter(([name, text]) => !isWorktree(name) && text.includes(opaque));
  expect(holding.map(([name]) => name)).toEqual([]);
  const log = kept.find(([name]) => name.endsWith('events.ndjson'))?.[1];
  expect(log).toContain('using [redacted:profile]');
});

/** What the worker wrote stays where it wrote it, for a person to look at. */
function isWorktree(name: string): boolean {
  return name.startsWith('worktrees/');
}

async function filesBelow(folder: string): Promise<[string, string][]> {
  const files: [string, string][] = [];
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name);
    if ((await stat(path)).isFile()) files.push([name, await readFile(path, 'latin1')]);
  }
  return files;
}
