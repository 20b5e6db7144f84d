import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/event.ts';
import { aNode, aRunSpec } from '../core/build.ts';
import { done, plan, planned, review } from '../e2e/rig.ts';
import { aHouse } from './house.ts';

const scripted = { provider: 'scripted' };

/** Each real execution of a worker leaves a line outside every worktree. */
const ran = { do: 'shell', command: 'echo "$MO_NODE $MO_ATTEMPT_NO" >> ../../../../../ran' };

/** Planner, two writers of which one is refused once, a reviewer, the run's gate, a merge: every kind of event a good run writes. */
async function wholeRun() {
  const house = await aHouse();
  const isRight = 'grep -q right two.txt';
  await house.script({
    plan: plan(
      planned('one', ['one.txt']),
      planned('two', ['two.txt'], { gates: [{ command: isRight }] }),
    ),
    one: [ran, { do: 'append', path: 'one.txt', text: '1\n' }, done],
    two: [
      ran,
      {
        do: 'when',
        exists: 'two.txt',
        // oxlint-disable-next-line unicorn/no-thenable -- a step of the script, never awaited.
        then: [{ do: 'append', path: 'two.txt', text: 'right\n' }],
        else: [{ do: 'append', path: 'two.txt', text: 'wrong\n' }],
      },
      done,
    ],
    review: review(),
  });
  const runId = await house.create({
    gates: [isRight],
    defaults: { ...aRunSpec([]).defaults, ...scripted },
    nodes: [
      aNode('plan', { ...scripted, role: 'planner', emit: 'nodes' }),
      aNode('review', { ...scripted, role: 'review', emit: 'review', needs: ['plan'] }),
    ],
  });
  return { house, runId };
}

function nodeOf(event: RunEvent): string {
  if ('node' in event) return event.node ?? '';
  return 'by' in event ? event.by : '';
}

/** An owner dies at the first two events of each kind of each node. */
function everywhere() {
  const deaths = new Map<string, number>();
  return (event: RunEvent): boolean => {
    const key = `${event.type} ${nodeOf(event)}`;
    const before = deaths.get(key) ?? 0;
    deaths.set(key, before + 1);
    return before < 2;
  };
}

const once = [
  'node.verified',
  'node.landed',
  'nodes.added',
  'review.judged',
  'run.verified',
  'run.landed',
  'run.finished',
];

test.for(['before', 'after'] as const)(
  'owners that die %s everything they write down lose nothing and do nothing twice',
  async (when) => {
    const { house, runId } = await wholeRun();
    const at = everywhere();
    let lives = 1;
    while ((await house.own(runId, { dies: { when, at } })) === 'died') lives += 1;
    expect(lives).toBeGreaterThan(25);
    expect(house.run(runId).status).toMatchObject({ status: 'finished', outcome: 'succeeded' });
    const counts = new Map<string, number>();
    for (const event of house.events(runId)) {
      const key = `${event.type} ${nodeOf(event)}`;
      if (once.includes(event.type)) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect([...counts].filter(([, count]) => count !== 1)).toEqual([]);
    expect([...counts.keys()]).toEqual(
      expect.arrayContaining(['node.landed one', 'node.landed two', 'run.landed ']),
    );
    expect(await house.git('ls-tree', '-r', '--name-only', 'main')).toBe(
      'README.md\none.txt\ntwo.txt',
    );
    expect(await house.git('show', 'main:one.txt')).toBe('1');
    expect(await house.git('show', 'main:two.txt')).toBe('wrong\nright');
    expect(await house.git('rev-parse', 'main')).toBe(await house.git('rev-parse', `mo/${runId}`));
    expect(await house.git('status', '--porcelain')).toBe('');
    expect(await house.git('worktree', 'list')).not.toContain('.agent-workspace');
    const all = await house.lines('ran');
    expect(all.filter((line) => line.startsWith('one'))).toHaveLength(1);
    expect(all.filter((line) => line.startsWith('two'))).toHaveLength(2);
  },
);
