import { expect, test } from 'vitest';
import { standingMerges } from '../../src/core/after-landing.ts';
import { foldRun } from '../../src/core/apply.ts';
import type { RunEvent } from '../../src/core/event.ts';
import type { Run } from '../../src/core/run.ts';
import { aNode, aRunSpec } from './build.ts';

type Landed = Extract<RunEvent, { type: 'run.landed' }>;

function merge(from: string | null, commit: string, target = 'main'): Landed {
  return { type: 'run.landed', how: 'merge', target, commit, from };
}

function rollback(commit: string, target = 'main'): Landed {
  return { type: 'run.landed', how: 'rollback', target, commit };
}

function folded(...events: RunEvent[]): Run {
  const all = [{ type: 'run.created' as const, spec: aRunSpec([aNode('a')]) }, ...events];
  const run = foldRun(
    all.map((event, index) => ({ runId: 'r-1', seq: index + 1, at: 1, epoch: 1, event })),
  );
  if (run === null) throw new Error('there is a run');
  return run;
}

test('a merge stands until it is taken back, one that moved nothing is none', () => {
  const run = folded(merge('a', 'b'), merge('b', 'b'), merge('b', 'c'));
  expect(standingMerges(run, null)?.standing.map(({ to }) => to)).toEqual(['b', 'c']);
  const back = folded(merge('a', 'b'), rollback('a'));
  expect(standingMerges(back, null)).toMatchObject({ target: 'main', wasDone: true });
});

test('what lands again stands alone, and what was taken back before counts no more', () => {
  const run = folded(merge('a', 'b'), rollback('a'), merge('c', 'd'));
  expect(run.merges).toEqual([{ target: 'main', from: 'c', to: 'd', isTakenBack: false }]);
});

test('other targets are left as they are', () => {
  const run = folded(merge('a', 'b'), merge('x', 'y', 'release'), rollback('x', 'release'));
  expect(standingMerges(run, 'main')?.wasDone).toBe(false);
  expect(standingMerges(run, 'release')?.wasDone).toBe(true);
  expect(standingMerges(run, 'elsewhere')).toBeNull();
});

test('a merge of which nobody wrote down where it began is known as that', () => {
  const event: Landed = { type: 'run.landed', how: 'merge', target: 'main', commit: 'b' };
  expect(folded(event).merges).toMatchObject([{ from: null, to: 'b' }]);
});

test('a move is forgotten as soon as it is known how it ended', () => {
  const started = { type: 'land.started' as const, target: 'main', from: 'a', to: 'b' };
  expect(folded(started).move).toEqual({ target: 'main', from: 'a', to: 'b' });
  const refused = { type: 'land.refused' as const, code: 'dirty-checkout', message: 'dirty' };
  const asked = { type: 'land.asked' as const, how: 'merge' as const, target: null };
  for (const event of [merge('a', 'b'), refused, asked])
    expect(folded(started, event).move).toBeNull();
});

test('the pull request is known until it is closed', () => {
  const url = 'https://example.org/1';
  const opened: Landed = { type: 'run.landed', how: 'pr', target: 'main', commit: 'b', url };
  expect(folded(opened)).toMatchObject({ pullRequest: { url, target: 'main' }, merges: [] });
  expect(folded(opened, merge('a', 'b')).pullRequest).toEqual({ url, target: 'main' });
  const closed: Landed = { type: 'run.landed', how: 'rollback', target: 'main', commit: null, url };
  expect(folded(opened, merge('a', 'b'), closed)).toMatchObject({
    pullRequest: null,
    merges: [{ isTakenBack: false }],
  });
});
