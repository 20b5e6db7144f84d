import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/event.ts';
import { nodeViewOf } from '../../src/core/view.ts';
import { readRun } from '../../src/engine/read-run.ts';
import { aNode } from '../core/build.ts';
import { aProject, aRun } from '../operations/project.ts';

test('after each event the stored nodes are those of the folded run', async () => {
  const project = await aProject();
  const { runId, record } = aRun(project, [
    aNode('plan', { emit: 'nodes' }),
    aNode('a'),
    aNode('b'),
  ]);
  const rounds: RunEvent[][] = [
    [started('a'), started('b')],
    [{ type: 'node.failed', node: 'a', message: 'no', findings: [] }],
    [
      { type: 'nodes.added', by: 'plan', nodes: [aNode('c'), aNode('d')], cycle: null },
      started('c'),
    ],
    [{ type: 'run.stopping', node: 'b', force: false }],
    [{ type: 'run.stopping', node: null, force: false }],
    [
      { type: 'node.stopped', node: 'd' },
      { type: 'node.stopped', node: 'c' },
    ],
    [{ type: 'node.blocked', node: 'nobody', by: 'a' }],
  ];
  for (const events of rounds) {
    record(events);
    const folded = [...readRun(project.store, runId).nodes.values()].map(nodeViewOf);
    expect(project.store.nodes(runId, 10)).toEqual(folded);
  }
});

function started(node: string): RunEvent {
  return {
    type: 'attempt.started',
    node,
    attempt: 1,
    route: null,
    reasons: [],
    base: null,
    reserved: { usd: null, tokens: null },
  };
}
