import { expect, test } from 'vitest';
import { foldRun } from '../../src/core/apply.ts';
import type { Recorded, RunEvent, RunSpec } from '../../src/core/event.ts';
import type { Finding } from '../../src/core/gate.ts';
import { NodeMap } from '../../src/core/node-map.ts';
import type { NodeSpec } from '../../src/core/node.ts';
import { makeReport, type Report } from '../../src/core/report.ts';
import { reproduceLines } from '../../src/core/report-reproduce.ts';
import { renderReport } from '../../src/core/report-text.ts';
import type { Run, RunNode } from '../../src/core/run.ts';
import { aNode, aRunSpec, aWriter } from './build.ts';

const defect: Finding = {
  severity: 'major',
  title: 'adds badly',
  file: 'api/add.ts',
  line: 7,
  evidence: '',
};

test('the first screen says what came of it, the rest who did what and why', () => {
  const report = renderReport(reportOf(aRetriedRun()));
  const [screen = ''] = report.split('## Graph');
  expect(screen).toContain('- **Result:** succeeded: all is verified');
  expect(screen).toContain('- **Landed:** merged into `main` as `c2`');
  expect(screen).toContain('- **Nodes:** 2 (2 verified), 3 attempts');
  expect(screen).toContain('- **Time:** 2m00s, from 1970-01-01T00:00:00.000Z');
  expect(screen).toContain('- **Spend:** $0.75, 330 tokens');
  expect(report).toContain('1  ●  api\n2  ●  docs');
  expect(report).toContain('  n1["api<br/>verified"]');
  expect(report).toContain('| api | implementation | verified, landed | 2 | claude | 20.0s |');
  expect(report).toContain('- route: claude');
  expect(report).toContain('- files: `api/add.ts` (commit `c1`)');
});

test('the trail tells routes, what was sent back with which findings, questions and answers', () => {
  const { entries } = reportOf(aRetriedRun()).trail;
  expect(entries.map(({ node, text }) => `${node}: ${text}`)).toEqual([
    'api: attempt 1 by claude: the node asks for claude',
    'api: attempt 1 was sent back (gate): npm test failed',
    'api: attempt 2 by claude: the node asks for claude',
    'api: asked (approval): Release this?',
    'null: answered yes: go (to: Release this?)',
    'docs: attempt 1 by claude: the node asks for claude',
    'null: landed: merge as c2',
    'null: succeeded: all is verified',
  ]);
  expect(entries[1]?.findings).toEqual(['major api/add.ts:7: adds badly']);
});

test('why a node was left out or cannot start is said in words', () => {
  const nodes = [
    aNode('shrug', { when: 'inputs.note != null' }),
    aNode('unwanted'),
    aNode('late'),
    aNode('behind', { needs: ['shrug'] }),
  ];
  const report = renderReport(
    reportOf(
      folded([
        ...created(nodes),
        { type: 'node.skipped', node: 'shrug', by: 'when' },
        { type: 'node.skipped', node: 'unwanted', by: 'person' },
        { type: 'node.skipped', node: 'late', by: 'plan' },
        { type: 'node.blocked', node: 'behind', by: 'shrug' },
      ]),
    ),
  );
  expect(report).toContain('`shrug` skipped: its when is not true');
  expect(report).toContain('- **skipped**: its when is not true: inputs.note != null');
  expect(report).toContain('- **skipped**: a person left it out');
  expect(report).toContain('- **skipped**: plan, which had added it, is done again');
  expect(report).toContain('- **blocked**: it needs shrug');
});

test('the rounds of a gate that count no more are no attempts', () => {
  const told = folded(created([aNode('quality', { kind: 'gate', passWhen: ['true'] })]));
  const gate = { ...nodeOf(told.run, 'quality'), stale: 2 };
  const report = reportOf({ ...told, run: { ...told.run, nodes: told.run.nodes.with(gate) } });
  expect(report.stale_attempts).toBe(0);
  expect(renderReport(report)).toContain('| quality | gate | waiting | –, 2 withdrawn |');
});

test('attempts that are history are marked stale', () => {
  const run = aRetriedRun();
  const api = nodeOf(run.run, 'api');
  const withdrawn = { ...api, stale: 1 };
  const nodes = run.run.nodes.with(withdrawn);
  const report = reportOf({ ...run, run: { ...run.run, nodes } });
  expect(report.stale_attempts).toBe(1);
  expect(report.nodes[0]?.attempts.map(({ stale }) => stale)).toEqual([true, false]);
  const text = renderReport(report);
  expect(text).toContain('3 attempts, 1 of them stale');
  expect(text).toContain('- **stale** attempt 1: claude');
  expect(text).toContain('  - **stale** **fail** npm test: major api/add.ts:7: adds badly');
  expect(text).toContain('- attempt 2: claude');
});

test('a node that was taken over from another run says so, and counts as no attempt', () => {
  const work = { base: 'base', commit: 'c1', tree: 't1', files: ['api/add.ts'] };
  const from = { run: 'r-3-add-jwt', node: 'api', attempt: 2 };
  const proof = { receipt: 'r', handoff: null, work, route: null, key: 'k', from };
  const report = reportOf(
    folded([
      ...created([aWriter('api'), aNode('docs')]),
      { type: 'node.reused', node: 'api', attempt: 1, ...proof },
      { type: 'node.landed', node: 'api', head: 'c1', tree: 't1' },
      ...attempt('docs', 1),
    ]),
  );
  expect(report).toMatchObject({
    attempts: 1,
    reused: 1,
    nodes: [{ reused_from: from, attempts: [], spend: { input: 0 } }, { reused_from: null }],
  });
  const text = renderReport(report);
  expect(text).toContain('1 attempts, 1 reused');
  expect(text).toContain('| verified, landed, reused from r-3/api | – | – | – | – |');
  expect(text).toContain('- reused from r-3/api, not executed here');
  expect(text).toContain('`api` reused from r-3/api');
});

test('nodes that others added are drawn behind them, and before who waits for them', () => {
  const events = created([aNode('plan', { emit: 'nodes' }), aNode('look', { needs: ['plan'] })]);
  events.push({ type: 'nodes.added', by: 'plan', nodes: [aWriter('api')], cycle: null });
  const { graph } = reportOf(folded(events));
  expect(graph.list.slice(0, 3)).toEqual(['1  ●  plan', '2  ●  api', '3  ●  look']);
  expect(graph.mermaid).toContain('n1 ==> n3');
});

test('a run of 10,000 nodes with endless words has a report below 1 MB, as text and as data', () => {
  const words = 'word "quoted" \\ '.repeat(1_000);
  const finding = { ...defect, title: words, file: words };
  const nodes = Array.from({ length: 10_000 }, (_, index) =>
    aNode(`n${index}`, { task: words, needs: index < 100 ? [] : [`n${index - 100}`] }),
  );
  const { run, events } = folded(created(nodes));
  const failed = [...run.nodes.values()].map((node, index): RunNode =>
    index % 2 === 0
      ? node
      : {
          ...node,
          state: { status: 'failed', message: words, findings: many(50, finding) },
          attempts: many(20, anAttempt(words, finding)),
        },
  );
  const returned: Recorded[] = Array.from({ length: 5_000 }, (_, index) =>
    recorded({ ...sentBack(`n${index}`), message: words, findings: [finding] }, index + 2, 0),
  );
  const report = reportOf({
    run: { ...run, nodes: new NodeMap(failed) },
    events: [...events, ...returned],
  });
  expect(Buffer.byteLength(renderReport(report))).toBeLessThan(1_000_000);
  expect(Buffer.byteLength(JSON.stringify(report, null, 1))).toBeLessThan(1_000_000);
  const rest = Object.values(report.rest).reduce((sum, count) => sum + count, 0);
  expect(report.nodes.length + rest).toBe(10_000);
  expect(report.nodes.length).toBeGreaterThan(5);
  expect(report.trail.entries.length + report.trail.left).toBe(5_000);
});

test('the same again is said as commands a shell takes', () => {
  const spec = aRunSpec([aNode('plan', { provider: 'claude', profile: 'fast' }), aNode('review')], {
    recipe: 'do',
    base: 'abc',
    goal: "don't break",
    gates: ['npm test'],
    budget: { usd: 5, tokens: null },
  });
  expect(reproduceLines(spec, null)).toEqual([
    'git switch --detach abc',
    "mo do 'don'\\''t break' --gate 'npm test' --planner claude:fast --max-cycles 3 --land branch --concurrency 4 --budget 5",
  ]);
  const source = { workflow: 'w.yaml', inputs: 'i.json', changed: null };
  expect(reproduceLines(spec, source)).toEqual(reproduceLines(spec, null));
  const fresh = { ...spec, recipe: 'team', reuse: 'yes' as const };
  expect(reproduceLines(fresh, source)[1]).toContain(' --fresh');
  expect(reproduceLines({ ...spec, base: null, recipe: 'team' }, source)).toEqual([
    'mo workflow run w.yaml --inputs "$(cat i.json)" --land branch --concurrency 4 --budget.usd 5',
  ]);
});

test('a workflow file that was changed meanwhile is told of where the run is done again', () => {
  const source = { workflow: 'runs/r-1/source.yaml', inputs: null, changed: 'w.yaml' };
  const report = makeReport({ ...aRetriedRun(), branch: null, source });
  expect(report.source_changed).toBe('w.yaml');
  expect(renderReport(report)).toContain(
    '`w.yaml` was changed since the run began. The run used what it began with:',
  );
});

type Told = { run: Run; events: Recorded[] };

function reportOf({ run, events }: Told): Report {
  return makeReport({ run, events, branch: 'mo/r-1-test', source: null });
}

function aRetriedRun(): Told {
  const nodes = [
    aWriter('api', { provider: 'claude' }),
    aNode('docs', { needs: ['api'], provider: 'claude' }),
  ];
  const work = { base: 'base', commit: 'c1', tree: 't1', files: ['api/add.ts'] };
  const request = {
    id: 'q1',
    kind: 'approval' as const,
    node: 'api',
    question: 'Release this?',
    choices: [],
  };
  return folded([
    ...created(nodes),
    ...attempt('api', 1),
    { type: 'gate.judged', node: 'api', attempt: 1, verdict: verdict(false) },
    sentBack('api'),
    ...attempt('api', 2),
    { type: 'work.committed', node: 'api', attempt: 2, work },
    { type: 'gate.judged', node: 'api', attempt: 2, verdict: verdict(true) },
    { type: 'node.verified', node: 'api', attempt: 2, receipt: 'receipts/api.json', handoff: null },
    { type: 'node.landed', node: 'api', head: 'c2', tree: 't2' },
    { type: 'run.asked', request },
    { type: 'run.answered', id: 'q1', choice: 'yes', text: 'go' },
    ...attempt('docs', 1),
    {
      type: 'node.verified',
      node: 'docs',
      attempt: 1,
      receipt: 'receipts/docs.json',
      handoff: null,
    },
    { type: 'run.landed', how: 'merge', target: 'main', commit: 'c2' },
    { type: 'run.finished', outcome: 'succeeded', reason: 'all is verified' },
  ]);
}

function created(nodes: NodeSpec[], over: Partial<RunSpec> = {}): RunEvent[] {
  return [{ type: 'run.created', spec: aRunSpec(nodes, over) }];
}

/** Ten seconds between two events; the last one two minutes after the first. */
function folded(events: readonly RunEvent[]): Told {
  const all = events.map((event, index) =>
    recorded(event, index + 1, event.type === 'run.finished' ? 120_000 : index * 10_000),
  );
  const run = foldRun(all);
  if (run === null) throw new Error('a run without events');
  return { run, events: all };
}

function recorded(event: RunEvent, seq: number, at: number): Recorded {
  return { runId: 'r-1-test', seq, at, epoch: 1, event };
}

function attempt(node: string, number: number): RunEvent[] {
  const route = {
    provider: 'claude',
    profile: null,
    model: null,
    effort: null,
    mode: 'write' as const,
  };
  return [
    {
      type: 'attempt.started',
      node,
      attempt: number,
      route,
      reasons: ['the node asks for claude'],
      base: null,
      reserved: { usd: null, tokens: null },
    },
    { type: 'attempt.ended', node, attempt: number, ending, handoff: null },
  ];
}

const ending = {
  class: 'done' as const,
  message: 'done',
  exitCode: 0,
  signal: null,
  session: null,
  model: 'm-1',
  spend: { usd: 0.25, input: 100, cached: 0, output: 10 },
  resetsAt: null,
};

function verdict(pass: boolean) {
  return {
    gate: 'command' as const,
    name: 'npm test',
    pass,
    findings: pass ? [] : [defect],
    evidence: null,
    durationMs: 5,
  };
}

function sentBack(node: string): Extract<RunEvent, { type: 'node.returned' }> {
  return {
    type: 'node.returned',
    node,
    attempt: 1,
    cause: 'gate',
    message: 'npm test failed',
    findings: [defect],
    notBefore: 0,
    counts: true,
    exclude: null,
    carry: null,
  };
}

function anAttempt(words: string, finding: Finding) {
  return {
    attempt: 1,
    route: null,
    slot: null,
    reasons: many(20, words),
    startedAt: 0,
    endedAt: 1,
    ending: { ...ending, class: 'crashed' as const, message: words },
    key: null,
    verdicts: many(30, { ...verdict(false), name: words, findings: many(30, finding) }),
  };
}

function nodeOf(run: Run, name: string): RunNode {
  const node = run.nodes.get(name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
}

function many<T>(count: number, one: T): T[] {
  return Array.from({ length: count }, () => one);
}
