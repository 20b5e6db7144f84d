import { expect, test } from 'vitest';
import {
  brokenLimit,
  isStalled,
  isVerbose,
  nextDue,
  type Limits,
  type Pulse,
} from '../../src/core/limits.ts';

const limits: Limits = {
  startupMs: 60,
  idleMs: 300,
  totalMs: 1000,
  maxOutputBytes: 5000,
  softOutputBytes: 4000,
  graceMs: { interrupt: 5, terminate: 5 },
};

function pulse(change: Partial<Pulse> = {}): Pulse {
  return { startedAt: 0, lastOutputAt: 50, isToolRunning: false, outputBytes: 0, ...change };
}

test.each([
  ['nothing is broken while it talks', pulse(), 100, null],
  ['no word until the start-up limit', pulse({ lastOutputAt: null }), 59, null],
  ['no word at the start-up limit', pulse({ lastOutputAt: null }), 60, 'startup'],
  ['a first word lifts the start-up limit', pulse(), 60, null],
  ['silence just short of the idle limit', pulse(), 349, null],
  ['silence for as long as the idle limit', pulse(), 350, 'idle'],
  ['silence while a tool runs', pulse({ isToolRunning: true }), 900, null],
  ['the total limit, tool or not', pulse({ isToolRunning: true }), 1000, 'total'],
  ['the total limit wins over silence', pulse(), 1000, 'total'],
  ['exactly as much output as is allowed', pulse({ outputBytes: 5000 }), 60, null],
  ['one byte more than is allowed', pulse({ outputBytes: 5001 }), 60, 'output'],
])('limits: %s', (_, given, now, expected) => {
  expect(brokenLimit(given, limits, now)).toBe(expected);
});

test('without an output limit any amount of output is fine', () => {
  const free = { ...limits, maxOutputBytes: null };
  expect(brokenLimit(pulse({ outputBytes: 1e12 }), free, 60)).toBe(null);
});

test('a worker is verbose above its soft limit, and never without one', () => {
  expect(isVerbose(pulse({ outputBytes: 4000 }), limits)).toBe(false);
  expect(isVerbose(pulse({ outputBytes: 4001 }), limits)).toBe(true);
  expect(isVerbose(pulse({ outputBytes: 1e12 }), { ...limits, softOutputBytes: null })).toBe(false);
});

test('a worker is stalled halfway to the idle limit, with a tool running at all of it', () => {
  expect(isStalled(pulse(), limits, 199)).toBe(false);
  expect(isStalled(pulse(), limits, 200)).toBe(true);
  expect(isStalled(pulse({ isToolRunning: true }), limits, 349)).toBe(false);
  expect(isStalled(pulse({ isToolRunning: true }), limits, 350)).toBe(true);
  expect(isStalled(pulse({ lastOutputAt: null }), limits, 30)).toBe(true);
});

test('between now and what is due next nothing changes, and then something does', () => {
  for (const given of [pulse(), pulse({ lastOutputAt: null }), pulse({ isToolRunning: true })]) {
    const says = (now: number) => [brokenLimit(given, limits, now), isStalled(given, limits, now)];
    for (let now = 50; now < 1000; now = nextDue(given, limits, now)) {
      const due = nextDue(given, limits, now);
      expect(says(due - 1)).toEqual(says(now));
      if (brokenLimit(given, limits, now) === null) expect(says(due)).not.toEqual(says(now));
    }
  }
});

test('after the total limit nothing is due any more', () => {
  expect(nextDue(pulse(), limits, 1000)).toBe(Number.POSITIVE_INFINITY);
});
