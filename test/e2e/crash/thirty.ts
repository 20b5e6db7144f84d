import type { RunSpec } from '../../../src/core/event.ts';
import type { NodeSpec } from '../../../src/core/node.ts';
import { aMap, aNode, aRunSpec } from '../../core/build.ts';
import { done, plan, planned, review } from '../rig.ts';

/** Whoever kills workers at random is not to be too successful. */
const scripted = { provider: 'scripted', retries: 6 };
const isRight = 'grep -q right twice.txt';
const isWhole = 'test -e one.txt && test -e last.txt';

/** Every real execution of a worker leaves a line outside of all worktrees. */
const start = { do: 'shell', command: 'echo "$MO_NODE" >> "$HOME/executions"', force: true };

const writes = (name: string) => [
  start,
  { do: 'write', path: `${name}.txt`, text: `${name}\n` },
  done,
];
const says = (status: string) => ({ do: 'handoff', value: { status, summary: status } });

// oxlint-disable unicorn/no-thenable -- steps of a script, never awaited.
const differs = (exists: string, later: unknown[], first: unknown[]) => ({
  do: 'when',
  exists,
  then: later,
  else: first,
});
// oxlint-enable unicorn/no-thenable

const writer = (name: string, needs: string[] = [], over: Partial<NodeSpec> = {}): NodeSpec =>
  aNode(name, {
    ...scripted,
    needs,
    write: true,
    scope: { allow: [`${name}.txt`], deny: [], maxDiffLines: null },
    ...over,
  });

const reader = (name: string, needs: string[], over: Partial<NodeSpec> = {}): NodeSpec =>
  aNode(name, { ...scripted, role: 'testing', needs, ...over });

const command = (name: string, task: string, needs: string[]): NodeSpec =>
  writer(name, needs, {
    kind: 'command',
    provider: null,
    task: `echo ${name} >> "$HOME/executions"; ${task}`,
  });

/**
 * Thirty nodes in the end: a planner with four nodes, writers beside and after each other, one that its gate refuses once, a gate node that
 * sends work back once and with it a map, a map over what a command lists, an approval, `when` both ways, a review.
 */
export const thirtyNodes: NodeSpec[] = [
  aNode('plan', { ...scripted, role: 'planner', emit: 'nodes' }),
  writer('one'),
  writer('two'),
  writer('three', ['one', 'two']),
  writer('twice', [], { gates: [{ gate: 'command', command: isRight, timeoutMs: null }] }),
  writer('impl', [], { scope: { allow: ['impl.txt', 'fixed.txt'], deny: [], maxDiffLines: null } }),
  aMap(
    'parts',
    {
      over: '["a", "b"]',
      item: {
        kind: 'command',
        write: true,
        scope: { allow: ['part-${item}.txt'], deny: [], maxDiffLines: null },
        task: 'echo "$MO_NODE" >> "$HOME/executions"; echo "$MO_ITEM" >> "part-$MO_ITEM.txt"',
      },
    },
    { needs: ['impl'] },
  ),
  reader('check', ['impl', 'parts']),
  aNode('quality', {
    kind: 'gate',
    needs: ['check'],
    passWhen: ['check.status == "pass"'],
    onFail: { retry: 'impl', maxRetries: 2 },
  }),
  command('list', 'for i in 1 2 3 4 5 6; do echo "item$i"; done > list.txt', ['quality']),
  aMap(
    'each',
    {
      over: 'lines("list.txt")',
      concurrency: 3,
      item: {
        ...scripted,
        write: true,
        scope: { allow: ['${item}.txt'], deny: [], maxDiffLines: null },
      },
    },
    { needs: ['list'] },
  ),
  aNode('all', { kind: 'gate', needs: ['each'], passWhen: ['each.verified == 6'] }),
  aNode('release', { kind: 'approval', needs: ['one'], task: 'Go on?' }),
  writer('note', ['release']),
  reader('never', ['two'], { when: 'inputs.never' }),
  reader('looked', ['two'], { when: 'inputs.deep' }),
  writer('last', ['three', 'twice', 'all']),
  aNode('review', {
    ...scripted,
    role: 'review',
    emit: 'review',
    needs: ['plan', 'last', 'note', 'never', 'looked'],
  }),
];

export const thirtySpec: Partial<RunSpec> = {
  name: 'thirty',
  land: 'merge',
  gates: [isWhole],
  inputs: { deep: true, never: false },
  defaults: { ...aRunSpec([]).defaults, ...scripted },
  settings: { retries: { backoff: { base: 5, factor: 1, max: 5 } } },
  nodes: thirtyNodes,
};

/** What the workers do depends on what they find, not on how often they were started: a start that was lost changes nothing. */
export const thirtyScripts = {
  plan: [
    start,
    ...plan(
      planned('ea', ['ea.txt']),
      planned('eb', ['eb.txt']),
      planned('ec', ['ec.txt'], { needs: ['ea', 'eb'] }),
      planned('ed', [], { role: 'testing', needs: ['ec'], write: false, scope: null }),
    ),
  ],
  ...Object.fromEntries(
    ['one', 'two', 'three', 'ea', 'eb', 'ec', 'note', 'last'].map((name) => [name, writes(name)]),
  ),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((item) => [`each-${item}`, writes(`item${item}`)])),
  twice: [
    start,
    differs(
      'twice.txt',
      [{ do: 'append', path: 'twice.txt', text: 'right\n' }],
      [{ do: 'write', path: 'twice.txt', text: 'wrong\n' }],
    ),
    done,
  ],
  impl: [
    start,
    differs(
      'impl.txt',
      [{ do: 'write', path: 'fixed.txt', text: 'fixed\n' }],
      [{ do: 'write', path: 'impl.txt', text: 'impl\n' }],
    ),
    done,
  ],
  check: [start, differs('fixed.txt', [says('pass')], [says('fail')])],
  looked: [start, says('pass')],
  ed: [start, says('pass')],
  review: [start, ...review()],
};
