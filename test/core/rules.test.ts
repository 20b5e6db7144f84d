import { expect, test } from 'vitest';
import { reserve } from '../../src/core/budget.ts';
import { judgeConvergence } from '../../src/core/convergence.ts';
import type { Finding } from '../../src/core/gate.ts';
import { routeNode, type RoutingQuestion } from '../../src/core/routing.ts';
import { afterEnding, afterFindings, backoffMs } from '../../src/core/retry.ts';
import type { AttemptRecord, RunNode } from '../../src/core/run.ts';
import { aNode, aWorker } from './build.ts';

const found = (title: string, severity: Finding['severity'] = 'major'): Finding => ({
  severity,
  title,
  file: 'src/a.js',
  line: null,
  evidence: '',
});

test('a review without blocking findings is accepted, whatever advice it gives', () => {
  expect(judgeConvergence([[found('naming', 'minor')]], 5)).toBe('accept');
});

test('new findings, fewer than before, are worth another round', () => {
  expect(judgeConvergence([[found('a'), found('b')], [found('c')]], 5)).toBe('fix');
});

test('the same findings twice are a plateau, even when line numbers in their titles moved', () => {
  expect(judgeConvergence([[found('null at line 10')], [found('null at line 12')]], 5)).toBe(
    'plateau',
  );
});

test('three rounds without fewer findings are a plateau', () => {
  expect(judgeConvergence([[found('a')], [found('b')], [found('c')]], 5)).toBe('plateau');
});

test('a finding that was gone and is back is a regression', () => {
  const rounds = [[found('a'), found('b'), found('x')], [found('b'), found('x')], [found('a')]];
  expect(judgeConvergence(rounds, 5)).toBe('regression');
});

test('more weight than the round before is a deterioration', () => {
  expect(judgeConvergence([[found('a')], [found('b', 'critical')]], 5)).toBe('deterioration');
});

test('findings left after the last allowed cycle exhaust the run', () => {
  expect(judgeConvergence([[found('a'), found('b')], [found('c')]], 1)).toBe('exhausted');
});

test('two reservations never add up to more than the ceiling', () => {
  const account = {
    ceiling: { usd: 2, tokens: null },
    charged: { usd: 1, tokens: 0 },
    reserved: [],
  };
  expect(reserve(account, { usd: 5, tokens: null })).toEqual({ usd: 1, tokens: null });
  const held = { ...account, reserved: [{ usd: 0.6, tokens: null }] };
  expect(reserve(held, { usd: 0.5, tokens: null })).toBeNull();
});

test('a limit without a ceiling is simply the limit of the attempt', () => {
  const account = {
    ceiling: { usd: null, tokens: null },
    charged: { usd: 9, tokens: 0 },
    reserved: [],
  };
  expect(reserve(account, { usd: 3, tokens: null })).toEqual({ usd: 3, tokens: null });
});

const question: RoutingQuestion = {
  node: aNode('n'),
  workers: [aWorker('claude'), aWorker('codex'), aWorker('scripted')],
  lanes: [],
  settings: {},
  excluded: [],
  otherThan: [],
  now: 1_000,
};

test('a review goes to another vendor than the one that wrote', () => {
  const routing = routeNode({
    ...question,
    node: aNode('r', { role: 'review' }),
    otherThan: ['claude'],
  });
  expect(routing).toMatchObject({ ok: true, route: { provider: 'codex', mode: 'read-only' } });
});

test('preferences of mo.yaml name provider and profile', () => {
  const settings = {
    providers: { codex: { profiles: { fast: { model: 'mini' } } } },
    roles: { implementation: { prefer: ['codex:fast'] } },
  };
  expect(routeNode({ ...question, settings })).toMatchObject({
    ok: true,
    route: { provider: 'codex', profile: 'fast', model: 'mini' },
  });
});

test('a closed lane is waited for when nothing else is open', () => {
  const lanes = [
    { provider: 'codex', profile: null, closedUntil: 5_000, reason: 'Five hours are over.' },
  ];
  const routing = routeNode({ ...question, node: aNode('n', { provider: 'codex' }), lanes });
  expect(routing).toEqual({
    ok: false,
    openAt: 5_000,
    reasons: ['codex is closed until 1970-01-01T00:00:05.000Z: Five hours are over'],
  });
});

test('the scripted worker is never picked by itself', () => {
  const routing = routeNode({
    ...question,
    workers: [aWorker('scripted', { vendor: 'scripted' })],
  });
  expect(routing).toEqual({
    ok: false,
    openAt: null,
    reasons: ['scripted: only used where it is named'],
  });
});

test('a provider that is missing says why, and that waiting does not help', () => {
  const workers = [aWorker('claude', { reason: 'not installed' })];
  expect(routeNode({ ...question, workers })).toEqual({
    ok: false,
    openAt: null,
    reasons: ['claude: not installed'],
  });
});

const attempted = (attempt: number, goesOn?: 'repair'): AttemptRecord => ({
  attempt,
  route: null,
  reasons: [],
  slot: null,
  startedAt: 0,
  endedAt: null,
  ending: null,
  verdicts: [],
  key: null,
  ...(goesOn === undefined ? {} : { goesOn }),
});

const node = (counted: number): RunNode => ({
  spec: aNode('n', { retries: 2 }),
  state: {
    status: 'running',
    attempt: 1,
    process: null,
    reserved: { usd: null, tokens: null },
    base: null,
    findings: [],
    becomes: null,
  },
  attempts: Array.from({ length: counted + 1 }, (_, index) => attempted(index + 1)),
  told: [],
  heard: 0,
  counted,
  uncounted: 0,
  excluded: [],
  emittedBy: null,
  emitted: null,
  carry: null,
  stale: 0,
  admitted: false,
  stop: null,
});

test('a crash is retried after a growing pause, and given up after the last retry', () => {
  const end = { class: 'crashed' as const, message: 'died', resetsAt: null };
  expect(afterEnding(node(0), end, {}, 1_000)).toMatchObject({
    again: true,
    notBefore: 3_000,
    counts: true,
  });
  expect(afterEnding(node(1), end, {}, 1_000)).toMatchObject({ again: true, notBefore: 5_000 });
  expect(afterEnding(node(2), end, {}, 1_000)).toEqual({
    again: false,
    message: 'died (after 3 attempts)',
  });
});

const textAfter = (attempts: AttemptRecord[], stale = 0): unknown => {
  const next = afterFindings({ ...node(2), attempts, stale }, 'gate', [], 1_000);
  return 'message' in next ? next.message.replace(/^.*\(/, '(') : null;
};

test('whoever gives up says how many attempts ran, also those that did not count', () => {
  const six = [1, 2, 3, 4, 5, 6].map((n) => attempted(n, n % 2 === 0 ? 'repair' : undefined));
  expect(textAfter(six)).toBe('(after 6 attempts, 3 of them only for the handoff)');
  const plain = [1, 2, 3, 4, 5].map((n) => attempted(n));
  expect(textAfter(plain)).toBe('(after 5 attempts, 2 of them not counted)');
  expect(textAfter(plain, 2)).toBe('(after 3 attempts)');
});

test('a quota waits for its reset and costs no retry', () => {
  const end = { class: 'quota' as const, message: 'limit', resetsAt: 9_000 };
  expect(afterEnding(node(2), end, {}, 1_000)).toMatchObject({
    again: true,
    notBefore: 9_000,
    counts: false,
  });
});

test('a bad key is not tried twice', () => {
  const end = { class: 'auth' as const, message: 'not signed in', resetsAt: null };
  expect(afterEnding(node(0), end, {}, 1_000)).toEqual({ again: false, message: 'not signed in' });
});

test('back-off doubles up to its maximum', () => {
  const settings = { retries: { backoff: { base: 10, factor: 2, max: 35 } } };
  expect([0, 1, 2, 3].map((failures) => backoffMs(settings, failures))).toEqual([10, 20, 35, 35]);
});

test('a quota whose reset is over already is waited for all the same', () => {
  const end = { class: 'quota' as const, message: 'full', resetsAt: 500 };
  expect(afterEnding(node(0), end, {}, 1_000)).toMatchObject({ again: true, notBefore: 3_000 });
  expect(afterEnding(node(0), { ...end, resetsAt: 9_000 }, {}, 1_000)).toMatchObject({
    notBefore: 9_000,
  });
});
