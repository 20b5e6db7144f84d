import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, makeReceipt, receipt, receiptProblems } from '../../src/core/receipt.ts';
import type { Receipt, ReceiptFacts } from '../../src/core/receipt.ts';
import type { Verdict } from '../../src/core/gate.ts';
import { noSpend } from '../../src/core/spend.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

const passed: Verdict = {
  gate: 'scope',
  name: 'scope',
  pass: true,
  findings: [],
  evidence: 'nodes/api/1/gate-scope.json',
  durationMs: 3,
};

const facts: ReceiptFacts = {
  run: 'r-1-add-jwt',
  node: 'api',
  attempt: 2,
  base: 'b'.repeat(40),
  commit: 'c'.repeat(40),
  tree: 'd'.repeat(40),
  files: ['src/a.ts'],
  route: { provider: 'codex', profile: null, model: null, effort: null, mode: 'write' },
  model: 'gpt-5',
  spend: noSpend,
  verdicts: [passed],
  handoff: { status: 'pass', summary: 'done' },
  prompt_version: 'implementation@1',
  issuedAt: Date.UTC(2026, 10, 21),
};

test('a receipt holds, also after it was written and read', () => {
  const read = receipt.parse(JSON.parse(JSON.stringify(makeReceipt(facts, hash), null, 2)));
  expect(receiptProblems(read, hash)).toEqual([]);
  expect(read.issued_at).toBe('2026-11-21T00:00:00.000Z');
});

describe('a receipt proves nothing', () => {
  const made = makeReceipt(facts, hash);

  test.each<Partial<Receipt>>([
    { attempt: 3 },
    { tree: 'e'.repeat(40) },
    { files: [] },
    { handoff: hash('other') },
    { issued_at: '2026-11-22T00:00:00.000Z' },
    { model: 'another' },
    { verdicts: [passed, passed] },
  ])('when something was changed: %j', (change) => {
    expect(receiptProblems({ ...made, ...change }, hash)).toEqual([
      'The digest does not fit: the receipt was changed after it was issued.',
    ]);
  });

  const blocking = [
    { severity: 'major' as const, title: 't', file: null, line: null, evidence: 'e' },
  ];
  test.each<[string, Partial<ReceiptFacts>]>([
    ['Gate scope failed.', { verdicts: [{ ...passed, pass: false }] }],
    [
      'Gate scope is said to have passed, but holds findings that block.',
      { verdicts: [{ ...passed, findings: blocking }] },
    ],
    ['It holds no verdict, so nothing was checked.', { verdicts: [] }],
    ['Of base, commit and tree only some are given.', { tree: null }],
    ['It lists changed files, but no commit that holds them.', { commit: facts.base }],
  ])('%s', (problem, change) => {
    expect(receiptProblems(makeReceipt({ ...facts, ...change }, hash), hash)).toEqual([problem]);
  });
});

test('outside git a receipt needs no commit', () => {
  const outside = { ...facts, base: null, commit: null, tree: null, files: [] };
  expect(receiptProblems(makeReceipt(outside, hash), hash)).toEqual([]);
});

test('canonical JSON is the same for the same value in any order of keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).toReversed());
      const same = JSON.parse(JSON.stringify(value));
      return (
        canonicalJson(same) === canonicalJson(JSON.parse(JSON.stringify(turned))) &&
        JSON.stringify(JSON.parse(canonicalJson(same))).length === JSON.stringify(same).length
      );
    }),
  );
});
