import type { Store } from '../store/store.ts';
import { progressText } from '../core/progress.ts';
import { shownCounts } from '../core/shown-map.ts';
import { oneLine, spending } from './amounts.ts';
import type { OperationContext } from './context.ts';
import { readCursors, writeCursors, type Cursor } from './cursor.ts';
import type { PollOutput } from './poll.ts';
import { attention, flagsRaised } from './news.ts';
import { revive } from './revive.ts';
import { burstMs, lostItemMs, watchNews, type Worth } from './watch-news.ts';

/** Most runs that are told one by one. */
const mostRuns = 12;

type Row = ReturnType<Store['activeRuns']>[number];

/** All runs that are not over, and those of the cursor that ended meanwhile, one line each. */
export async function waitForRuns(
  input: { since?: string | undefined; wait_s: number },
  context: OperationContext,
): Promise<PollOutput> {
  const since = input.since === undefined ? null : readCursors(input.since);
  const store = await context.storeIfAny();
  if (store === null) return idle;
  const warning =
    since === null
      ? await reviveAll(context, store)
      : await untilNews(store, since, input.wait_s * 1000, context);
  return { ...overview(store, since), ...(warning === null ? {} : { warning }) };
}

const idle: PollOutput = {
  state: 'idle',
  changed: false,
  cursor: '0',
  next: 'No run is active. Start one with run {task} or workflow_run {recipe: "do", inputs: {goal: "…"}}',
};

function overview(store: Store, since: ReadonlyMap<number, Cursor> | null): PollOutput {
  const active = store.activeRuns();
  const ended = [...(since?.keys() ?? [])]
    .filter((number) => !active.some((row) => row.number === number))
    .flatMap((number) => store.runNumbered(number) ?? []);
  const told = [...active, ...ended].filter((row) => isNews(store, row, since));
  const cursor = writeCursors(cursorsOf(store, active));
  if (active.length === 0 && ended.length === 0) return idle;
  const states = new Set(active.map(({ view }) => view.state));
  const state = states.has('needs')
    ? 'needs'
    : states.size === 1 && states.has('paused')
      ? 'paused'
      : 'running';
  return {
    state: active.length === 0 ? 'idle' : state,
    changed: told.length > 0,
    cursor,
    ...(told.length === 0
      ? {}
      : { runs: told.slice(0, mostRuns).map((row) => runLine(store, row)) }),
    ...(told.length > mostRuns ? { more: told.length - mostRuns } : {}),
  };
}

/** What keeps one of them from having an owner; the others go on. */
async function reviveAll(context: OperationContext, store: Store): Promise<string | null> {
  let warning: string | null = null;
  for (const { runId } of store.activeRuns())
    warning = (await revive(context, store, runId)) ?? warning;
  return warning;
}

/** Wakes for what a poll of one of these runs would wake for, for a run that began, and for one that ended. */
async function untilNews(
  store: Store,
  since: ReadonlyMap<number, Cursor>,
  waitMs: number,
  context: OperationContext,
): Promise<string | null> {
  const { clock, signal } = context;
  const began = clock.monotonic();
  const looks = new Map<number, () => Worth>();
  for (;;) {
    const warning = await reviveAll(context, store);
    const active = store.activeRuns();
    const isSame = active.length === since.size && active.every(({ number }) => since.has(number));
    if (warning !== null || !isSame || active.length === 0) return warning;
    for (const { number, runId } of active)
      if (!looks.has(number))
        looks.set(number, watchNews(store, runId, since.get(number) ?? fromTheStart));
    const news = [...looks.values()].map((look) => look());
    if (news.includes('burst')) await clock.sleep(Math.min(burstMs, waitMs), signal);
    if (news.includes('burst') || news.includes('now')) return null;
    const waitedMs = clock.monotonic() - began;
    const leftMs = (news.includes('soon') ? Math.min(waitMs, lostItemMs) : waitMs) - waitedMs;
    if (leftMs <= 0 || signal.aborted) return null;
    await forAnyPulse(store, active, { signal, timeoutMs: leftMs });
  }
}

const fromTheStart: Cursor = { seq: 0, version: 0, flags: 0 };

async function forAnyPulse(
  store: Store,
  rows: readonly Row[],
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
): Promise<void> {
  const woken = new AbortController();
  const either = AbortSignal.any([signal, woken.signal]);
  await Promise.race(
    rows.map(({ runId }) => store.waitForPulse(runId, { signal: either, timeoutMs })),
  );
  woken.abort();
}

function isNews(store: Store, row: Row, since: ReadonlyMap<number, Cursor> | null): boolean {
  const cursor = since?.get(row.number);
  if (cursor === undefined) return true;
  return cursor.seq < row.lastSeq || cursor.flags < flagsRaised(store, row.runId);
}

function cursorsOf(store: Store, rows: readonly Row[]): Map<number, Cursor> {
  return new Map(
    rows.map(({ number, runId, lastSeq: seq }) => [
      number,
      { seq, version: 0, flags: flagsRaised(store, runId) },
    ]),
  );
}

const mostFlags = 3;

function runLine(store: Store, { runId, view }: Row): string {
  const flags = attention(store, runId).map(({ node, flag }) => `${node} [${flag}]`);
  const counts = Object.entries(shownCounts(view)).map(([status, number]) => `${number} ${status}`);
  const spend = spending(view.spend);
  const needs = view.requests.map(({ question }) => `needs: ${oneLine(question, 80)}`);
  return [
    `${runId} ${view.state}: ${counts.join(', ')}`,
    ...view.progress.slice(0, 2).map(progressText),
    ...(spend === '' ? [] : [spend]),
    ...flags.slice(0, mostFlags),
    ...needs,
  ].join('; ');
}
