import { expect, test } from 'vitest';
import { foldRun } from '../../src/core/apply.ts';
import type { RunEvent } from '../../src/core/event.ts';
import { makeReceipt } from '../../src/core/receipt.ts';
import { makeReport } from '../../src/core/report.ts';
import { nodeViewOf, viewOf } from '../../src/core/view.ts';
import { aNode, aRunSpec } from './build.ts';

/** One node that has cost 0.1 and 0.2 dollars, which a machine adds up to 0.30000000000000004. */
function aCostlyRun() {
  const spec = aRunSpec([aNode('a')]);
  const events: RunEvent[] = [{ type: 'run.created', spec }, ...tried(1, 0.1), ...tried(2, 0.2)];
  const recorded = events.map((event, index) => ({
    runId: spec.runId,
    seq: index + 1,
    at: index * 10,
    epoch: 1,
    event,
  }));
  const run = foldRun(recorded);
  if (run === null) throw new Error('no run');
  return { run, recorded };
}

test('money is written down in millionths of a dollar, whatever the sums came to', () => {
  const { run, recorded } = aCostlyRun();
  expect(run.settled.usd).toBe(0.1 + 0.2);
  const [node] = [...run.nodes.values()].map(nodeViewOf);
  const report = makeReport({ run, events: recorded, branch: null, source: null });
  const receipt = makeReceipt(
    {
      run: 'r-1',
      node: 'a',
      attempt: 2,
      base: null,
      commit: null,
      tree: null,
      files: [],
      route: null,
      model: null,
      spend: { ...run.settled, usd: 1.0000004 },
      verdicts: [],
      handoff: null,
      prompt_version: null,
      issuedAt: 0,
    },
    (text) => text,
  );
  expect(viewOf(run, 0).spend.usd).toBe(0.3);
  expect(node?.spend.usd).toBe(0.3);
  expect(receipt.spend).toEqual({ usd: 1, input: 20, cached: 0, output: 10 });
  expect(JSON.stringify(report)).toContain('"usd":0.3,');
  expect(JSON.stringify([report, viewOf(run, 0), node, receipt])).not.toContain('0000000');
});

function tried(attempt: number, usd: number): RunEvent[] {
  return [
    {
      type: 'attempt.started',
      node: 'a',
      attempt,
      route: null,
      reasons: [],
      base: null,
      reserved: { usd: 0.1 + 0.2, tokens: null },
    },
    {
      type: 'attempt.ended',
      node: 'a',
      attempt,
      ending: {
        class: 'crashed',
        message: 'it crashed',
        exitCode: 1,
        signal: null,
        session: null,
        model: null,
        spend: { usd, input: 10, cached: 0, output: 5 },
        resetsAt: null,
      },
      handoff: null,
    },
  ];
}
