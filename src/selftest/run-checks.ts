import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MoError } from '../core/problem.ts';
import type { Clock } from '../platform/clock.ts';
import type { Environment } from '../platform/environment.ts';
import { errnoOf } from '../platform/files.ts';
import { newId } from '../platform/ids.ts';
import { endTree, markerVariable } from '../platform/process-tree.ts';
import { reportIt, type Check, type CheckPlace, type CheckResult } from './check.ts';
import { checkEnvironment } from './check-environment.ts';

export type ChecksWish = {
  project: string;
  /** That of the caller. */
  env: Environment;
  clock: Clock;
  signal: AbortSignal;
  /** Told as soon as one is over. */
  onResult: (result: CheckResult) => void;
};

/** How long a check that was cut off may take to notice. */
const graceMs = 5_000;

/** Most of a check is waiting for others. */
const lanes = 3;

/**
 * Runs checks, a few at a time, each in a folder of its own below one temp folder, which is removed with every process that was started
 * there. A check may only need checks before it. Throws workspace-unwritable when there is no temp folder to be had.
 */
export async function runChecks(
  checks: readonly Check[],
  wish: ChecksWish,
): Promise<readonly CheckResult[]> {
  const top = await makeTemporaryFolder();
  try {
    return await inLanes(checks, { ...wish, top });
  } finally {
    await rm(top, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function inLanes(
  checks: readonly Check[],
  wish: ChecksWish & { top: string },
): Promise<readonly CheckResult[]> {
  const waiting = [...checks];
  const taken = new Map<string, Promise<CheckResult>>();
  const results = new Map<string, CheckResult>();
  let told = 0;
  /** In the order of the list, whichever ends first. */
  const tell = (): void => {
    for (let next = checks[told]; next !== undefined; next = checks[told]) {
      const result = results.get(next.name);
      if (result === undefined) return;
      told += 1;
      wish.onResult(result);
    }
  };
  const take = async (check: Check): Promise<CheckResult> => {
    const needed = await Promise.all(check.needs.flatMap((name) => taken.get(name) ?? []));
    return resultOf(check, needed, wish);
  };
  const lane = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const running = take(check);
      taken.set(check.name, running);
      results.set(check.name, await running);
      tell();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return checks.flatMap(({ name }) => results.get(name) ?? []);
}

async function makeTemporaryFolder(): Promise<string> {
  try {
    return await realpath(await mkdtemp(join(tmpdir(), 'mo-selftest-')));
  } catch (cause) {
    const reason = errnoOf(cause);
    if (reason === null) throw cause;
    throw new MoError({ code: 'workspace-unwritable', folder: tmpdir(), reason }, { cause });
  }
}

async function resultOf(
  check: Check,
  needed: readonly CheckResult[],
  wish: ChecksWish & { top: string },
): Promise<CheckResult> {
  const { name, title, of } = check;
  if (wish.signal.aborted)
    return { name, title, of, ms: 0, state: 'left-out', said: 'interrupted' };
  const missing = needed.find(({ state }) => state !== 'passed');
  if (missing !== undefined) {
    const said = `needs: ${missing.title}`;
    return { name, title, of, ms: 0, state: 'left-out', said };
  }
  const startedAt = wish.clock.monotonic();
  const outcome = await outcomeOf(check, wish).catch(failureOf);
  return { name, title, of, ms: Math.round(wish.clock.monotonic() - startedAt), ...outcome };
}

type Outcome =
  | { state: 'passed'; said: string }
  | { state: 'failed'; said: string; fix: string; proven: boolean }
  | { state: 'left-out'; said: string };

async function outcomeOf(check: Check, wish: ChecksWish & { top: string }): Promise<Outcome> {
  const { clock } = wish;
  const folder = join(wish.top, check.name);
  await mkdir(folder);
  const marker = `selftest/${check.name}/${newId()}`;
  const limit = new AbortController();
  const over = new AbortController();
  const env = { ...(await checkEnvironment(folder, wish.env)), [markerVariable]: marker };
  const signal = AbortSignal.any([wish.signal, limit.signal]);
  const { project } = wish;
  const running = attempt(check, { folder, project, env, marker, clock, signal });
  const late = clock.sleep(check.limitMs, AbortSignal.any([over.signal, wish.signal]));
  const first = await Promise.race([running, late.then(() => null)]);
  over.abort();
  limit.abort();
  const sweep = () => endTree({ leader: null, marker }, { clock, asks: [] });
  let { survivors } = await sweep();
  if (first === null) {
    // Nothing it waits for lives any more, so it ends; what it has started meanwhile ends too.
    await Promise.race([running, clock.sleep(graceMs)]);
    ({ survivors } = await sweep());
  }
  if (survivors.length > 0) {
    const pids = survivors.map(({ pid }) => pid).join(', ');
    return broken(`Processes that do not end: ${pids}.`, reportIt);
  }
  if (first !== null) return first;
  if (wish.signal.aborted) return { state: 'left-out', said: 'interrupted' };
  return broken(
    `It was not over after ${check.limitMs / 1_000} s.`,
    'Run it again when the machine is less busy; if it stays, report it.',
  );
}

async function attempt(check: Check, place: CheckPlace): Promise<Outcome> {
  try {
    return { state: 'passed', said: await check.run(place) };
  } catch (error) {
    return failureOf(error);
  }
}

function failureOf(error: unknown): Outcome {
  if (!(error instanceof MoError)) {
    const said = error instanceof Error ? error.message : String(error);
    return broken(said, reportIt);
  }
  if (error.problem.code === 'check-failed')
    return { ...broken(error.problem.what, error.problem.fix), proven: true };
  const [said = error.message, ...fix] = error.message.split(/(?<=\.) /);
  return broken(said, fix.join(' '));
}

function broken(said: string, fix: string): Extract<Outcome, { state: 'failed' }> {
  return { state: 'failed', said, fix, proven: false };
}
