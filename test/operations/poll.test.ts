import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MoError } from '../../src/core/problem.ts';
import { poll } from '../../src/operations/poll.ts';
import { takePicture } from '../../src/operations/take-picture.ts';
import { keepSource } from '../../src/store/kept-source.ts';
import { aMap, aNode } from '../core/build.ts';
import { aProject, aReuse, aRun, type TestProject } from './project.ts';

type Asked = { since?: string; wait_s?: number; detail?: 'summary' | 'nodes' | 'events' };

async function ask({ context }: TestProject, run_id: string | undefined, asked: Asked = {}) {
  const { data } = await poll.call(
    { ...(run_id === undefined ? {} : { run_id }), wait_s: 0, ...asked },
    context,
  );
  return poll.output.parse(data);
}

const sixteen = Array.from({ length: 16 }, (_, index) => aNode(`api-routes-${index + 1}`));

test('sixteen workers at work fit into 400 tokens and 2 KB', async () => {
  const project = await aProject();
  const { runId, owner } = aRun(project, sixteen);
  for (const { name } of sixteen) {
    owner.start(name);
    owner.act(name, {
      lastAction: `Edit: src/routes/${name}/handlers/create-session.ts (+120 −14)`,
    });
  }
  const news = await ask(project, runId);
  expect(news.lines).toHaveLength(16);
  expect(news.lines?.[0]).toMatch(/^api-routes-\d+ running \d+s: Edit: src/);
  expect(encode(JSON.stringify(news)).length).toBeLessThanOrEqual(400);
  expect(Buffer.byteLength(JSON.stringify(news))).toBeLessThan(2_000);
});

test('nothing new is said in 40 tokens', async () => {
  const project = await aProject();
  const { runId, owner } = aRun(project, sixteen, {
    goal: 'add jwt auth with middleware and routes',
  });
  owner.start('api-routes-1');
  const first = await ask(project, runId);
  const second = await ask(project, runId, { since: first.cursor });
  expect(second).toEqual({
    run_id: runId,
    state: 'running',
    changed: false,
    cursor: first.cursor,
  });
  expect(encode(JSON.stringify(second)).length).toBeLessThanOrEqual(40);
});

test('a lane that takes no attempt is told until it opens, and not of a run that is over', async () => {
  const project = await aProject();
  const { runId, owner, record } = aRun(project, [aNode('a')]);
  const closedUntil = Date.now() + 3_600_000;
  const reason = 'the five-hour window is used up';
  project.store.closeLane({ provider: 'codex', profile: 'fast', closedUntil, reason });
  owner.start('a');
  const until = new Date(closedUntil).toISOString();
  expect((await ask(project, runId)).lanes).toEqual([
    `codex:fast closed until ${until}: ${reason}`,
  ]);
  const clock = { ...project.context.clock, now: () => closedUntil };
  const later = await poll.call({ run_id: runId, wait_s: 0 }, { ...project.context, clock });
  expect(later.data).not.toHaveProperty('lanes');
  owner.verify('a');
  record([{ type: 'run.finished', outcome: 'succeeded', reason: 'done' }]);
  expect(await ask(project, runId)).not.toHaveProperty('lanes');
});

test('only what changed since the cursor is told, with counts of everything', async () => {
  const project = await aProject();
  const { runId, owner } = aRun(project, [aNode('a'), aNode('b'), aNode('c')]);
  owner.start('a');
  owner.start('b');
  const { cursor } = await ask(project, runId);
  owner.verify('a');
  const news = await ask(project, runId, { since: cursor });
  expect(news.lines).toEqual(['a verified']);
  expect(news.counts).toEqual({ verified: 1, running: 1, waiting: 1 });
  expect(news.spend).toBe('$0.25 · 1.2k tokens');
});

test('what a worker does now is told when only that changed', async () => {
  const project = await aProject();
  const { runId, owner } = aRun(project, [aNode('a'), aNode('b')]);
  owner.start('a');
  owner.start('b');
  const { cursor } = await ask(project, runId);
  owner.act('b', { lastAction: 'npm test' });
  const news = await ask(project, runId, { since: cursor });
  expect(news.lines).toEqual(['b running 0s: npm test']);
});

test('a wait ends when a node is verified, long before its time is over', async () => {
  const project = await aProject();
  const { runId, owner } = aRun(project, [aNode('a')]);
  owner.start('a');
  const { cursor } = await ask(project, runId);
  const waiting = ask(project, runId, { since: cursor, wait_s: 50 });
  owner.verify('a');
  expect((await waiting).lines).toEqual(['a verified']);
});

test('a wait ends when a node is reused, and says from where', async () => {
  const project = await aProject();
  const { runId, record } = aRun(project, [aNode('a')]);
  const { cursor } = await ask(project, runId);
  const waiting = ask(project, runId, { since: cursor, wait_s: 50 });
  record([aReuse('a', { run: 'r-3-add-jwt', node: 'api', attempt: 2 })]);
  expect((await waiting).lines).toEqual(['a verified: reused from r-3/api']);
});

test('a wait goes on while workers only start and speak', async () => {
  const project = await aProject();
  const { runId, owner } = aRun(project, [aNode('a'), aNode('b')]);
  const { cursor } = await ask(project, runId);
  const waiting = ask(project, runId, { since: cursor, wait_s: 50 });
  owner.start('a');
  owner.act('a', { lastAction: 'reading' });
  owner.start('b');
  owner.verify('b');
  const news = await waiting;
  expect(news.lines).toEqual(['a running 0s: reading', 'b verified']);
});

test('a wait ends with news that comes after hundreds of events nobody waits for', async () => {
  const project = await aProject();
  const many = Array.from({ length: 150 }, (_, index) => aNode(`n${index}`));
  const { runId, owner } = aRun(project, many);
  const { cursor } = await ask(project, runId);
  for (const { name } of many) owner.start(name);
  expect(project.store.lastSeq(runId)).toBeGreaterThan(250);
  const waiting = ask(project, runId, { since: cursor, wait_s: 50 });
  owner.verify('n149');
  expect((await waiting).counts).toMatchObject({ verified: 1 });
});

test('a wait ends when a worker raises a flag', async () => {
  const project = await aProject();
  const { runId, owner } = aRun(project, [aNode('a')]);
  owner.start('a');
  owner.act('a', { lastAction: 'reading' });
  const { cursor } = await ask(project, runId);
  const waiting = ask(project, runId, { since: cursor, wait_s: 50 });
  owner.act('a', { lastAction: 'rm -rf build', flags: ['destructive'] });
  expect((await waiting).lines).toEqual(['a running 0s [destructive]: rm -rf build']);
});

test('a wait that is broken off answers at once', async () => {
  const project = await aProject();
  const { runId } = aRun(project, [aNode('a')]);
  const { cursor } = await ask(project, runId);
  const waiting = ask(project, runId, { since: cursor, wait_s: 50 });
  project.cancel();
  expect((await waiting).changed).toBe(false);
});

test('a workflow file that is changed meanwhile is told of until the run is over', async () => {
  const project = await aProject();
  const { runId, record } = aRun(project, [aNode('a')]);
  const file = join(project.folder, 'w.yaml');
  await writeFile(file, 'as it began');
  await keepSource(project.store.paths, runId, { text: 'as it began', inputs: null, file });
  expect((await ask(project, runId)).source_changed).toBeUndefined();
  await writeFile(file, 'as it is now');
  const { reading } = await poll.call({ run_id: runId, wait_s: 0 }, project.context);
  expect(reading).toContain('w.yaml was changed since the run began; the run goes on with what');
  expect((await ask(project, runId)).source_changed).toBe('w.yaml');
  expect((await takePicture(project.context, runId)).sourceChanged).toBe('w.yaml');
  record([{ type: 'run.finished', outcome: 'failed', reason: 'over' }]);
  expect((await ask(project, runId)).source_changed).toBeUndefined();
});

test('a run that is over is answered at once, with its reason and what to read', async () => {
  const project = await aProject();
  const { runId, record } = aRun(project, [aNode('a')]);
  record([{ type: 'run.finished', outcome: 'failed', reason: 'a failed three times' }]);
  const { cursor } = await ask(project, runId);
  const news = await ask(project, runId, { wait_s: 50 });
  expect(news).toMatchObject({ state: 'failed', reason: 'a failed three times', cursor });
  expect(news.next).toContain('part: "report"');
  expect((await ask(project, runId, { since: cursor, wait_s: 50 })).changed).toBe(false);
});

test('what a person is asked is told with its choices', async () => {
  const project = await aProject();
  const { runId, record } = aRun(project, [aNode('a', { kind: 'approval', task: 'Release?' })]);
  record([
    {
      type: 'run.asked',
      request: {
        id: 'approval:a',
        kind: 'approval',
        node: 'a',
        question: 'Release?',
        choices: ['yes', 'no'],
      },
    },
  ]);
  const news = await ask(project, runId);
  expect(news.state).toBe('needs');
  expect(news.needs).toEqual([
    { id: 'approval:a', kind: 'approval', question: 'Release?', choices: ['yes', 'no'] },
  ]);
  expect(news.next).toContain(`mo resume ${runId} --answer`);
});

test('nodes that the budget holds up are told beside what a person is asked', async () => {
  const project = await aProject();
  const budget = { usd: 0.2, tokens: null };
  const nodes = [aNode('a'), aNode('b'), aNode('ok', { kind: 'approval', task: 'Release?' })];
  const { runId, record, owner } = aRun(project, nodes, { budget });
  const choices = ['yes', 'no'];
  const request = {
    id: 'approval:ok',
    kind: 'approval' as const,
    node: 'ok',
    question: '?',
    choices,
  };
  record([{ type: 'run.asked', request }]);
  owner.start('a');
  owner.verify('a');
  const news = await ask(project, runId);
  expect(news.state).toBe('needs');
  expect(news.needs).toEqual([
    { id: 'approval:ok', kind: 'approval', question: '?', choices },
    {
      id: 'budget',
      kind: 'budget',
      question: expect.stringContaining(`holds up b. Raise it: mo resume ${runId} --budget-usd`),
      choices: [],
    },
  ]);
});

test('an exhausted run says how it can go on', async () => {
  const project = await aProject();
  const { runId, record } = aRun(project, [aNode('a')]);
  record([{ type: 'run.finished', outcome: 'exhausted', reason: 'the budget of $1 is spent' }]);
  expect((await ask(project, runId)).next).toContain(`mo resume ${runId} --budget-usd`);
});

test('a worker whose process is not there yet is starting, not running', async () => {
  const project = await aProject();
  const { runId, record } = aRun(project, [aNode('a')]);
  const reserved = { usd: null, tokens: null };
  const started = { node: 'a', attempt: 1, route: null, reasons: [], base: null, reserved };
  record([{ type: 'attempt.started', ...started }]);
  expect(await ask(project, runId)).toMatchObject({
    counts: { running: 1 },
    lines: ['a starting 0s'],
  });
});

test('a run of 2,000 nodes is still told in 2 KB, who failed first', async () => {
  const project = await aProject();
  const names = Array.from({ length: 2_000 }, (_, index) => `node-${index}`);
  const { runId, owner, record } = aRun(
    project,
    names.map((name) => aNode(name)),
  );
  for (const name of names.slice(0, 40)) owner.start(name);
  record([{ type: 'node.failed', node: 'node-39', message: 'tests fail', findings: [] }]);
  const news = await ask(project, runId);
  expect(news.lines?.[0]).toBe('node-39 failed: tests fail');
  expect(news.counts).toEqual({ waiting: 1_960, running: 39, failed: 1 });
  expect(news.more).toBe(24);
  expect(Buffer.byteLength(JSON.stringify(news))).toBeLessThan(2_000);
});

test('detail nodes tells route and attempt as data', async () => {
  const project = await aProject();
  const { runId, owner } = aRun(project, [aNode('a'), aNode('b')]);
  owner.start('a');
  owner.act('a', { lastAction: 'npm test', model: 'gpt-5.5-2026' });
  expect((await ask(project, runId, { detail: 'nodes' })).nodes).toEqual([
    {
      node: 'a',
      status: 'running',
      attempt: 1,
      route: 'codex gpt-5.5-2026',
      action: 'npm test',
    },
  ]);
});

test('detail events tells every event once, page by page', async () => {
  const project = await aProject();
  const nodes = Array.from({ length: 300 }, (_, index) => aNode(`n-${index}`));
  const { runId, owner } = aRun(project, nodes);
  for (const { name } of nodes) owner.start(name);
  const seen: string[] = [];
  let page = await ask(project, runId, { detail: 'events' });
  while ((page.events ?? []).length > 0) {
    expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(8_000);
    seen.push(...(page.events ?? []));
    page = await ask(project, runId, { detail: 'events', since: page.cursor });
  }
  expect(seen).toHaveLength(601);
  expect(new Set(seen).size).toBe(601);
});

test('without a run id all active runs are told, one line each', async () => {
  const project = await aProject();
  const first = aRun(project, [aNode('a')]);
  const second = aRun(project, [aNode('b')], { goal: 'write docs' });
  first.owner.start('a');
  const all = await ask(project, undefined);
  expect(all.runs).toEqual([
    `${first.runId} running: 1 running`,
    `${second.runId} running: 1 waiting`,
  ]);
  expect(await ask(project, undefined, { since: all.cursor })).toEqual({
    state: 'running',
    changed: false,
    cursor: all.cursor,
  });
});

test('a run that ended meanwhile is told once among the active ones', async () => {
  const project = await aProject();
  const { runId, record } = aRun(project, [aNode('a')]);
  aRun(project, [aNode('b')]);
  const all = await ask(project, undefined);
  const waiting = ask(project, undefined, { since: all.cursor, wait_s: 50 });
  record([{ type: 'run.finished', outcome: 'stopped', reason: 'stopped' }]);
  const news = await waiting;
  expect(news.runs).toEqual([`${runId} stopped: 1 waiting`]);
  expect((await ask(project, undefined, { since: news.cursor })).changed).toBe(false);
});

test('the wait for all runs goes on while their workers only start and speak', async () => {
  const project = await aProject();
  const first = aRun(project, [aNode('a'), aNode('b')]);
  const second = aRun(project, [aNode('c')]);
  const { cursor } = await ask(project, undefined);
  const looked = countsWaits(project);
  const waiting = ask(project, undefined, { since: cursor, wait_s: 50 });
  await looked(2);
  first.owner.start('a');
  second.owner.start('c');
  second.owner.act('c', { lastAction: 'reading' });
  await Promise.race([looked(4), waiting]);
  first.owner.verify('a');
  expect((await waiting).runs).toEqual([
    `${first.runId} running: 1 waiting, 1 verified; $0.25 · 1.2k tokens`,
    `${second.runId} running: 1 running`,
  ]);
});

/** Resolves when whoever polls has looked and gone on waiting, for so many runs in all. */
function countsWaits(project: TestProject): (count: number) => Promise<void> {
  const { store } = project;
  let count = 0;
  const heard = new Map<number, () => void>();
  const counting: typeof store = {
    ...store,
    waitForPulse: (runId, wait) => {
      count += 1;
      for (const [wanted, hear] of heard) if (count >= wanted) hear();
      return store.waitForPulse(runId, wait);
    },
  };
  project.context.storeIfAny = async () => counting;
  return (wanted) =>
    new Promise((resolve) => {
      if (count >= wanted) resolve();
      else heard.set(wanted, resolve);
    });
}

test('the wait for all runs ends when a worker of one raises a flag, and says whose it is', async () => {
  const project = await aProject();
  const { runId, owner } = aRun(project, [aNode('a')]);
  aRun(project, [aNode('b')]);
  owner.start('a');
  const { cursor } = await ask(project, undefined);
  const waiting = ask(project, undefined, { since: cursor, wait_s: 50 });
  owner.act('a', { lastAction: 'rm -rf build', flags: ['destructive'] });
  const news = await waiting;
  expect(news.runs).toEqual([`${runId} running: 1 running; a [destructive]`]);
  expect((await ask(project, undefined, { since: news.cursor })).changed).toBe(false);
});

test('what keeps one of the runs from having an owner is told beside all of them', async () => {
  const project = await aProject();
  const runs = [aRun(project, [aNode('a')]), aRun(project, [aNode('b')])];
  project.context.ensureOwner = async (runId) => {
    if (runId === runs[0]?.runId) throw new MoError({ code: 'owner-failed', runId, reason: 'no' });
  };
  const news = await ask(project, undefined);
  expect(news.warning).toContain(`The owner of run ${runs[0]?.runId} ended early`);
  expect(news.runs).toHaveLength(2);
  const since = { since: news.cursor, wait_s: 50 };
  expect((await ask(project, undefined, since)).warning).toBe(news.warning);
});

test('looking at a run makes sure that somebody executes it', async () => {
  const project = await aProject();
  const { runId } = aRun(project, [aNode('a')]);
  await ask(project, '1');
  expect(project.ownersAskedFor).toEqual([runId]);
});

test.each(['x', '1', '1.2', '9'.repeat(50), '../..'])(
  'a cursor that is none (%s) is refused',
  async (since) => {
    const project = await aProject();
    const { runId } = aRun(project, [aNode('a')]);
    await expect(ask(project, runId, { since })).rejects.toThrow('is no cursor of this call');
  },
);

test('a map of 10,000 items is told in 2 KB: items are counted, and who else changed is listed', async () => {
  const project = await aProject();
  const items = Array.from({ length: 10_000 }, (_, index) =>
    aNode(`docs-${index + 1}`, { itemOf: 'docs', items: [`src/${index + 1}-${'ü'.repeat(60)}`] }),
  );
  const { runId, owner, record } = aRun(project, [aMap('docs'), aNode('other'), ...items]);
  for (let one = 1; one <= 20; one += 1) owner.start(`docs-${one}`);
  for (let one = 1; one <= 4; one += 1) owner.verify(`docs-${one}`);
  for (let one = 5; one <= 9; one += 1)
    record([{ type: 'node.failed', node: `docs-${one}`, message: 'no', findings: [] }]);
  owner.start('other');
  const news = await ask(project, runId);
  expect(news.maps).toEqual([
    `docs 4/10000 done, 11 at work, 5 failed (${[5, 6, 7].map((one) => `docs-${one} src/${one}-${'ü'.repeat(33)}…`).join(', ')}, …)`,
  ]);
  expect(news.lines).toEqual([expect.stringContaining('other running')]);
  expect(Buffer.byteLength(JSON.stringify(news))).toBeLessThan(2_000);
});

test('an item is told in detail with what it was made for', async () => {
  const project = await aProject();
  const items = [['src/a.ts'], ['src/b.ts', 'src/c.ts', 'src/d.ts'], null].map((made, index) =>
    aNode(`docs-${index + 1}`, { itemOf: 'docs', items: made }),
  );
  const { runId, owner } = aRun(project, [aMap('docs'), ...items]);
  for (const { name } of items) owner.start(name);
  const { nodes } = await ask(project, runId, { detail: 'nodes' });
  expect(nodes?.map(({ node, item }) => [node, item])).toEqual([
    ['docs-1', 'src/a.ts'],
    ['docs-2', 'src/b.ts and 2 more'],
    ['docs-3', undefined],
  ]);
});

test('progress is told of the lists that nodes belong to: an entry counts when all its nodes are done', async () => {
  const project = await aProject();
  const nodes = [
    aNode('build-1', { part: { of: 'tasks', n: 1, total: 2 } }),
    aNode('look-1', { part: { of: 'tasks', n: 1, total: 2 } }),
    aNode('build-2', { part: { of: 'tasks', n: 2, total: 2 } }),
    aNode('other'),
  ];
  const { runId, owner, record } = aRun(project, nodes);
  const told = async () => (await ask(project, runId)).progress;
  owner.start('build-1');
  owner.verify('build-1');
  expect(await told()).toMatchObject([{ of: 'tasks', done: 0, total: 2 }]);
  record([{ type: 'node.skipped', node: 'look-1', by: 'when' }]);
  expect(await told()).toMatchObject([{ done: 1 }]);
  record([
    {
      type: 'nodes.invalidated',
      by: 'person',
      target: 'build-1',
      nodes: ['build-1'],
      dropped: [],
      reason: 'again',
      findings: [],
    },
  ]);
  expect(await told()).toMatchObject([{ done: 0 }]);
});

test('a run whose nodes belong to no list tells no progress', async () => {
  const project = await aProject();
  const { runId } = aRun(project, [aNode('a')]);
  expect(await ask(project, runId)).not.toHaveProperty('progress');
});

function aMapRun(project: TestProject, items: number) {
  const nodes = Array.from({ length: items }, (_, index) =>
    aNode(`docs-${index + 1}`, { itemOf: 'docs' }),
  );
  return aRun(project, [aMap('docs'), aNode('other'), ...nodes]);
}

test('a map is at work until its items are over, and then what they have come to', async () => {
  const project = await aProject();
  const { runId, owner, record } = aMapRun(project, 2);
  owner.verify('docs');
  const state = async () => {
    const { counts, nodes } = await ask(project, runId, { detail: 'nodes' });
    return { ...counts, docs: nodes?.find(({ node }) => node === 'docs')?.status };
  };
  expect(await state()).toEqual({ waiting: 3, running: 1, docs: 'running' });
  owner.start('docs-1');
  owner.verify('docs-1');
  record([{ type: 'node.failed', node: 'docs-2', message: 'no', findings: [] }]);
  expect(await state()).toEqual({ waiting: 1, verified: 1, failed: 2, docs: 'failed' });
});

test('items that are verified end no wait; a node that is no item does', async () => {
  const project = await aProject();
  const { runId, owner } = aMapRun(project, 20);
  owner.start('other');
  const { cursor } = await ask(project, runId);
  const waiting = ask(project, runId, { since: cursor, wait_s: 50 });
  let isAnswered = false;
  void waiting.then(() => (isAnswered = true));
  for (let one = 1; one <= 20; one += 1) {
    owner.start(`docs-${one}`);
    owner.verify(`docs-${one}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(isAnswered).toBe(false);
  owner.verify('other');
  expect(await waiting).toMatchObject({ maps: ['docs 20/20 done'], lines: ['other verified'] });
});

test('an item that is lost is told within the wait', async () => {
  const project = await aProject();
  const { runId, owner, record } = aMapRun(project, 2);
  owner.start('docs-1');
  const { cursor } = await ask(project, runId);
  const waiting = ask(project, runId, { since: cursor, wait_s: 50 });
  record([{ type: 'node.failed', node: 'docs-1', message: 'no', findings: [] }]);
  expect((await waiting).maps).toEqual(['docs 0/2 done, 1 failed (docs-1)']);
});

test('many items are told as a batch', async () => {
  const project = await aProject();
  const { runId, owner, record } = aMapRun(project, 3);
  const { cursor } = await ask(project, runId);
  const waiting = ask(project, runId, { since: cursor, wait_s: 50 });
  owner.start('docs-1');
  owner.verify('docs-1');
  record(Array.from({ length: 1_000 }, () => ({ type: 'node.admitted', node: 'docs-2' })));
  expect((await waiting).maps).toEqual(['docs 1/3 done']);
});
