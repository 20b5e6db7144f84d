import { expect, test } from 'vitest';
import { routeNode } from '../../src/core/routing.ts';
import { abilitiesWithout, drift, lacksOf, refusalFor, type Shown } from '../../src/core/shown.ts';
import { codex } from '../../src/providers/codex/index.ts';
import { aNode } from './build.ts';

function tried(trials: Shown['trials'], version = '2.0.0'): Shown {
  const program = { file: '/bin/codex', size: 1, modifiedAt: 1 };
  return { provider: 'codex', version, ...program, at: 1_000, trials };
}

const passed = { ok: true, ability: null, said: 'fine' };

function failed(ability: Shown['trials'][string]['ability']): Shown['trials'][string] {
  return { ok: false, ability, said: 'not seen' };
}

test('a trial that failed takes away its ability and no other', () => {
  const lacks = lacksOf(tried({ start: passed, 'read-only': failed('readOnly') }));
  expect(abilitiesWithout(codex.abilities, lacks)).toEqual({
    ...codex.abilities,
    readOnly: false,
  });
});

test('a trial of no ability takes nothing away', () => {
  expect(lacksOf(tried({ cancel: failed(null) }))).toEqual([]);
});

test.each([
  { ability: 'start', refused: [true, false], taken: [] },
  { ability: 'readOnly', refused: [false], taken: [true] },
  { ability: 'commands', refused: [true], taken: [false] },
  { ability: 'usage', refused: [], taken: [true, false] },
  { ability: 'resume', refused: [], taken: [true, false] },
  { ability: 'structuredOutput', refused: [], taken: [true, false] },
] as const)('a CLI shown to lack $ability is refused what needs it', (one) => {
  const lacks = lacksOf(tried({ trial: failed(one.ability) }));
  const { abilities, vendor } = codex;
  const worker = {
    provider: 'codex',
    vendor,
    abilities: abilitiesWithout(abilities, lacks),
    lacks,
    reason: null,
  };
  const route = (write: boolean) =>
    routeNode({
      node: aNode('n', { write }),
      workers: [worker],
      lanes: [],
      settings: {},
      excluded: [],
      otherThan: [],
      now: 0,
    });
  expect([true, false].filter((write) => route(write).ok)).toEqual([...one.taken]);
  for (const write of one.refused)
    expect(route(write).reasons.join()).toMatch(/^codex: version 2\.0\.0 was tried and .*--hosts/);
});

test('a node that goes on with a session is refused to a CLI shown not to do that', () => {
  const lacks = lacksOf(tried({ resume: failed('resume') }));
  const asked = { write: true, isBudgeted: true };
  expect(refusalFor(lacks, { ...asked, resume: 'a-session' })).toContain('go on with a session');
  expect(refusalFor(lacks, { ...asked, resume: null })).toBeNull();
});

test.each([
  ['of the node', { node: aNode('n', { budget: { usd: null, tokens: 1_000 } }) }],
  ['of the run', { budget: { usd: 2, tokens: null } }],
  ['of the day', { settings: { limits: { usd_per_day: 5 } } }],
])('a CLI shown not to tell its usage gets no node under a budget %s', (_, asked) => {
  const lacks = lacksOf(tried({ usage: failed('usage') }));
  const { abilities, vendor } = codex;
  const worker = { provider: 'codex', vendor, abilities, lacks, reason: null };
  const question = {
    node: aNode('n'),
    workers: [worker],
    lanes: [],
    settings: {},
    excluded: [],
    otherThan: [],
    now: 0,
  };
  expect(routeNode(question).ok).toBe(true);
  expect(routeNode({ ...question, ...asked }).reasons.join()).toContain(
    'its budget would not hold',
  );
});

test('drift names what passed before and fails now, and the other way round', () => {
  const before = tried({ start: passed, resume: passed, schema: failed('structuredOutput') });
  const after = tried({ start: passed, resume: failed('resume'), schema: passed }, '3.0.0');
  expect(drift(before, after)).toEqual([
    'codex resume: passed with 2.0.0, fails with 3.0.0',
    'codex schema: failed with 2.0.0, passes with 3.0.0',
  ]);
});

test('a trial that was made only once is no drift', () => {
  expect(drift(tried({ start: passed }), tried({ resume: failed('resume') }))).toEqual([]);
});
