import { MoError } from '../core/problem.ts';
import type { Clock } from '../platform/clock.ts';
import type { Environment } from '../platform/environment.ts';

/** One thing the selftest looks at. */
export type Check = {
  name: string;
  title: string;
  /** Who is at fault when it fails: what mo stands on, or mo itself. */
  of: 'environment' | 'mo';
  limitMs: number;
  /** Checks without whose success this one says nothing. */
  needs: readonly string[];
  /** What was found, in a few words. Throws `check-failed`, made by `fail`, with what is wrong and what to do. */
  run: (place: CheckPlace) => Promise<string>;
};

/** What a check may use. All it starts and writes stays in here. */
export type CheckPlace = {
  /** Of its own, empty, and removed afterwards; its real path. */
  folder: string;
  /** Where the selftest was asked for; only read. */
  project: string;
  /** The whole environment of what it starts: another home, and a marker by which everything left over is found and ended. */
  env: Environment;
  /** That marker. */
  marker: string;
  clock: Clock;
  /** Aborted at the check's time limit, and when the person breaks off. */
  signal: AbortSignal;
};

export type CheckResult = {
  name: string;
  title: string;
  of: Check['of'];
  ms: number;
} & (
  | { state: 'passed'; said: string }
  /** `proven`: the check itself found it; else it broke off, at its time limit or by an error. */
  | { state: 'failed'; said: string; fix: string; proven: boolean }
  | { state: 'left-out'; said: string }
);

export function fail(what: string, fix: string): never {
  throw checkFailed(what, fix);
}

export function checkFailed(what: string, fix: string): MoError {
  return new MoError({ code: 'check-failed', what, fix });
}

/** Where nothing on this machine is to blame. */
export const reportIt =
  'That is a mistake in mo: please report it with what `mo selftest --json` prints.';
