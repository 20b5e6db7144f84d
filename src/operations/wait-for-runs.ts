import type { Store } from '../store/store.ts';
import { progressText } from '../core/progress.ts';
import { oneLine, spending } from './amounts.ts';
import type { OperationContext } from './context.ts';
import { readCursors, writeCursors, type Cursor } from './cursor.ts';
import type { PollOutput } from './poll.ts';
import { revive } from './revive.ts';

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
  if (since === null) for (const row of store.activeRuns()) await revive(context, store, row.runId);
  if (since !== null) await untilNews(store, since, input.wait_s * 1000, context);
  return overview(store, since);
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
  const told = [...active, ...ended].filter((row) => isNews(row, since));
  const cursor = writeCursors(cursorsOf(active));
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
    ...(told.length === 0 ? {} : { runs: told.slice(0, mostRuns).map(runLine) }),
    ...(told.length > mostRuns ? { more: told.length - mostRuns } : {}),
  };
}

async function untilNews(
  store: Store,
  since: ReadonlyMap<number, Cursor>,
  waitMs: number,
  context: OperationContext,
): Promise<void> {
  const deadline = context.clock.monotonic() + waitMs;
  for (;;) {
    const active = store.activeRuns();
    for (const row of active) await revive(context, store, row.runId);
    const changed = active.length !== since.size || active.some((row) => isNews(row, since));
    const leftMs = deadline - context.clock.monotonic();
    if (changed || active.length === 0 || leftMs <= 0 || context.signal.aborted) return;
    const woken = new AbortController();
    const signal = AbortSignal.any([context.signal, woken.signal]);
    await Promise.race(
      active.map(({ runId }) => store.waitForPulse(runId, { signal, timeoutMs: leftMs })),
    );
    woken.abort();
  }
}

function isNews(row: Row, since: ReadonlyMap<number, Cursor> | null): boolean {
  return since === null || (since.get(row.number)?.seq ?? -1) < row.lastSeq;
}

function cursorsOf(rows: readonly Row[]): Map<number, Cursor> {
  return new Map(rows.map((row) => [row.number, { seq: row.lastSeq, version: 0, flags: 0 }]));
}

function runLine({ runId, view }: Row): string {
  const counts = Object.entries(view.counts).map(([status, number]) => `${number} ${status}`);
  const spend = spending(view.spend);
  const needs = view.requests.map(({ question }) => `needs: ${oneLine(question, 80)}`);
  return [
    `${runId} ${view.state}: ${counts.join(', ')}`,
    ...view.progress.slice(0, 2).map(progressText),
    ...(spend === '' ? [] : [spend]),
    ...needs,
  ].join('; ');
}
