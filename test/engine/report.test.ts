import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { aHouse, writer } from './house.ts';

test('a run leaves its report for a person and the same for a program', async () => {
  const house = await aHouse();
  const runId = await house.create({ nodes: [writer('first', 'echo 1 > first.txt')] });
  await writeFile(house.store.paths.source(runId), 'version: 1\n');
  expect(await house.own(runId)).toBe('ended');
  const text = await readFile(house.store.paths.report(runId), 'utf8');
  const data: unknown = JSON.parse(await readFile(house.store.paths.reportData(runId), 'utf8'));
  expect(data).toMatchObject({
    version: 1,
    run: runId,
    result: 'succeeded',
    counts: { verified: 1 },
    nodes: [{ name: 'first', landed: true, files: ['first.txt'], stale: 0 }],
  });
  expect(text).toContain('- **Result:** succeeded');
  expect(text).toContain('| first | command | verified, landed | 1 | command |');
  expect(text).toContain(`mo workflow run .agent-workspace/runs/${runId}/source.yaml --land merge`);
});
