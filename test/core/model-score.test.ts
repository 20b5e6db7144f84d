import { expect, test } from 'vitest';
import { factsOf } from '../../src/core/model-data.ts';
import { dataPart, neutral, type History } from '../../src/core/model-score.ts';
import { routeNode, type Candidate, type RoutingQuestion } from '../../src/core/routing.ts';
import type { Settings } from '../../src/core/settings.ts';
import { aNode, aWorker } from './build.ts';

const settings: Settings = {
  providers: {
    claude: { profiles: { deep: { model: 'opus' }, small: { model: 'claude-haiku-5-5' } } },
  },
};

const question: RoutingQuestion = {
  node: aNode('n'),
  workers: [aWorker('claude'), aWorker('codex')],
  lanes: [],
  settings,
  excluded: [],
  otherThan: [],
  now: 1_000,
};

const past = (model: string | null, verified: number, tried: number): History => ({
  records: [],
  outcomes: [
    {
      role: 'implementation',
      route: {
        provider: 'claude',
        profile: model === 'opus' ? 'deep' : null,
        model,
        effort: null,
        mode: 'write',
      },
      tried,
      verified,
    },
  ],
});

test.each([
  ['claude-opus-5-5-20261001', 'claude-opus-5-5'],
  ['anthropic/claude-sonnet-5', 'claude-sonnet-5'],
  ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4-5'],
  ['claude-fable-5-1[1m]', 'claude-fable-5-1'],
  ['Sonnet', 'claude-sonnet-5-5'],
  ['gpt-6-luna', 'gpt-6-luna'],
])('%s is known as %s', (name, model) => {
  expect(factsOf(name)?.model).toBe(model);
});

test.each(['claude-opus-5-9', 'gpt-6.2-sol-mini', 'glm-5', 'opusplan', ''])(
  'nothing is known of %s',
  (name) => {
    expect(factsOf(name)).toBeNull();
  },
);

test('a model nobody has facts of is neutral, and so is the default of a CLI', () => {
  expect(dataPart('glm-5', 'planning')).toMatchObject({ points: neutral, reason: null });
  expect(dataPart(null, 'bulk')).toMatchObject({ points: neutral, reason: null });
});

test('every role gets the model that is for such work, and the reasons say so', () => {
  expect(forRole('architecture')).toMatchObject({
    route: { profile: 'deep' },
    reasons: [expect.stringMatching(/^model data \(.*\): claude-opus-5-5 9\/10 for planning$/)],
  });
  expect(forRole('documentation')).toMatchObject({ route: { profile: 'small' } });
});

test('work that failed its gates here takes a model down, and the reasons say so', () => {
  const before = candidates({});
  const after = candidates({ history: past('opus', 1, 9) });
  expect(before[0]?.route.profile).toBe('deep');
  expect(after[0]?.route.profile).toBeNull();
  expect(after.find(({ route }) => route.profile === 'deep')?.reasons).toContainEqual(
    expect.stringMatching(/^track record: 1 of 9 attempts verified for implementation \(-\d/),
  );
});

test('two attempts are too few to say anything', () => {
  expect(candidates({ history: past('opus', 0, 2) })[0]?.route.profile).toBe('deep');
});

test('the quicker and the cheaper of two with a record is preferred', () => {
  const route = { profile: null, model: null, effort: null, mode: 'write' as const };
  const history: History = {
    outcomes: ['claude', 'codex'].map((provider) => ({
      role: 'implementation',
      route: { ...route, provider },
      tried: 5,
      verified: 5,
    })),
    records: [['claude', 90_000, 2] as const, ['codex', 30_000, 0.5] as const].map(
      ([provider, ms, usd]) => ({
        role: 'implementation',
        route: { ...route, provider },
        attempts: 5,
        ms: { median: ms, p80: ms },
        usd: { median: usd, p80: usd },
      }),
    ),
  };
  const [claude, codex] = ['claude', 'codex'].map((name) =>
    candidates({ history, settings: {} }).find(({ route: one }) => one.provider === name),
  );
  expect(codex?.reasons[0]).toMatch(/5 of 5 attempts verified, the quickest, the cheapest/);
  // As far as its later place among the providers leaves it.
  expect(codex?.score).toBe(claude?.score);
});

test('a preference of mo.yaml goes before everything known', () => {
  const wishing: Settings = {
    ...settings,
    roles: { implementation: { prefer: ['claude:small'] } },
  };
  const [first] = candidates({ settings: wishing, history: past('opus', 50, 50) });
  expect(first).toMatchObject({ route: { profile: 'small' }, score: 4 });
  expect(first?.reasons[0]).toBe('mo.yaml prefers claude:small for implementation');
});

function forRole(role: 'architecture' | 'documentation') {
  return routeNode({ ...question, node: aNode('n', { role }) });
}

function candidates(more: Partial<RoutingQuestion>): readonly Candidate[] {
  const routing = routeNode({ ...question, node: aNode('n', { provider: null }), ...more });
  if (!routing.ok) throw new Error(routing.reasons.join('; '));
  return routing.candidates;
}
