import { expect, test } from 'vitest';
import { foldRun } from '../../src/core/apply.ts';
import { pullRequestText } from '../../src/core/pull-request-text.ts';
import { aNode, aRunSpec } from './build.ts';

function textOf(goal: string, names: readonly string[] = ['a']) {
  const spec = aRunSpec(
    names.map((name) => aNode(name)),
    { goal },
  );
  const run = foldRun([
    { runId: 'r-1', seq: 1, at: 1, epoch: 1, event: { type: 'run.created', spec } },
    {
      runId: 'r-1',
      seq: 2,
      at: 1,
      epoch: 1,
      event: {
        type: 'run.verified',
        commit: 'c1',
        tree: 't1',
        verdicts: [],
        receipt: 'x/receipt.json',
      },
    },
  ]);
  if (run === null) throw new Error('there is a run');
  const name = 'echo `date`';
  return pullRequestText(run, [
    { gate: 'command', name, pass: true, findings: [], evidence: null, durationMs: 1 },
  ]);
}

test('the title is one line of the goal, the body all of it with what was proved', () => {
  const { title, body } = textOf(`Add one\n\n${'and more '.repeat(40)}`);
  expect(title).toMatch(/^Add one and more .*…$/);
  expect(title.length).toBeLessThanOrEqual(100);
  expect(body.startsWith('Add one\n\nand more')).toBe(true);
  expect(body).toContain('- `` echo `date` ``: passed');
  expect(body).toContain('Commit `c1`, tree `t1`. Receipt of the run: `x/receipt.json`.');
  expect(body).toContain('- `a`, implementation: waiting');
});

test('a secret in the goal does not leave with it', () => {
  const { title, body } = textOf('Call https://me:hunter2hunter2@example.org');
  expect(`${title}\n${body}`).not.toContain('hunter2');
});

test('of many nodes only their number is told', () => {
  const names = Array.from({ length: 60 }, (_, index) => `n${index}`);
  expect(textOf('x', names).body).toContain('- 60 waiting');
});
