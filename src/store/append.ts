import type { RunEvent } from '../core/event.ts';
import type { NodeView, RunView } from '../core/view.ts';
import { endAttempt, insertAttempt, setProcess } from './attempt-table.ts';
import type { Database } from './database.ts';
import { insertEvents } from './event-table.ts';
import { putLane } from './lane-table.ts';
import { checkEpoch } from './lease-table.ts';
import { putNodes } from './node-table.ts';
import { putReceipts, withdrawReceipts, type ReceiptRow } from './receipt-table.ts';
import type { RunNumber } from './run-number.ts';
import { updateView, type RunTable } from './run-table.ts';
import { markHandled } from './signal-table.ts';
import { checkCeiling, putSpend, type Ceiling } from './spend-table.ts';

export type Append = {
  runId: string;
  epoch: number;
  /** ms since 1970; of all these events. */
  at: number;
  /** May be empty when only signals are to be marked as handled. */
  events: readonly RunEvent[];
  /** The run after these events. */
  view: RunView;
  /** The nodes these events changed or added, in the order they are to be shown. */
  nodes: readonly NodeView[];
  /** Signals these events answer. */
  handledSignals?: readonly number[];
  receipts?: readonly ReceiptRow[];
  /** What all runs together may not pass with what these events set aside. */
  ceiling?: Ceiling;
};

/**
 * Events and everything that follows from them, in one transaction: the views, attempts, the ledger, lanes. Returns the number of
 * each event. Refused as `fenced` unless the epoch is the newest of the run, as `day-spent` when a ceiling is given and passed.
 */
export function appendEvents(
  database: Database,
  asked: { append: Append; numberOf: RunNumber; runs: RunTable },
): number[] {
  const { runId, epoch, at, events, view, nodes, handledSignals, receipts } = asked.append;
  const isTaken = (handledSignals ?? []).length > 0;
  const canBeMadeAgain = !isTaken && events.every(({ type }) => remade.includes(type));
  const write = canBeMadeAgain ? database.lightTransaction : database.transaction;
  return write(() => {
    const run = asked.numberOf(runId);
    checkEpoch(database, { runId, run, epoch });
    const seq = asked.runs.lastSeq(runId) + 1;
    const lastSeq = seq + events.length - 1;
    insertEvents(database, { run, seq, at, epoch, events });
    updateView(database, { number: run, lastSeq, view });
    putNodes(database, { run, seq: lastSeq, nodes });
    for (const event of events) putConsequences(database, run, event, at);
    if (asked.append.ceiling !== undefined) checkCeiling(database, asked.append.ceiling);
    putReceipts(database, {
      run,
      receipts: receipts ?? [],
      seqOf: (receipt) => seqOfProof(events, seq, receipt),
    });
    markHandled(database, { run, ids: handledSignals ?? [], at });
    return events.map((_, index) => seq + index);
  });
}

function seqOfProof(
  events: readonly RunEvent[],
  first: number,
  { node, attempt }: Pick<ReceiptRow, 'node' | 'attempt'>,
): number | null {
  const at = events.findIndex(
    (event) => event.type === 'node.verified' && event.node === node && event.attempt === attempt,
  );
  return at === -1 ? null : first + at;
}

/**
 * What the next owner finds out again after a power cut: it ends every process, so who ran is no longer true; how an attempt ended is
 * told by its files, and what it left is committed anew. The next event of another kind brings these to the disk with it.
 */
const remade: readonly RunEvent['type'][] = [
  'attempt.spawned',
  'attempt.adopted',
  'attempt.ended',
  'work.committed',
];

/** What an event says is kept as well where it can be found without reading events. */
function putConsequences(database: Database, run: number, event: RunEvent, at: number): void {
  if (event.type === 'attempt.started') insertAttempt(database, run, event, at);
  if (event.type === 'attempt.spawned' || event.type === 'attempt.adopted') {
    setProcess(database, run, event);
  }
  if (event.type === 'attempt.ended') {
    endAttempt(database, run, event, at);
    putSpend(database, run, event, at);
  }
  if (event.type === 'nodes.invalidated')
    withdrawReceipts(database, run, [...event.nodes, ...event.dropped]);
  if (event.type === 'lane.closed') {
    const { provider, profile, until, reason } = event;
    putLane(database, { provider, profile, closedUntil: until, reason });
  }
}
