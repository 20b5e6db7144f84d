import { relative } from 'node:path';
import type { z } from 'zod';
import type { RunEvent } from '../core/event.ts';
import type { LandHow } from '../core/landing.ts';
import { MoError } from '../core/problem.ts';
import type { Store } from '../store/store.ts';
import type { OperationContext } from './context.ts';
import { findRun } from './find-run.ts';
import type { landOutput } from './land.ts';
import { isOver } from '../core/view.ts';
import { readText } from '../platform/files.ts';
import { lookUntil } from './look-until.ts';

type LandResult = z.output<typeof landOutput>;
type Ended = Extract<RunEvent, { type: 'run.landed' | 'land.refused' }>;

/** Gates may run on the merged tree; landing goes on when this call has to answer before they end. */
const waitMs = 50_000;

export async function landRun(
  input: { run_id: string; how: LandHow; target?: string | undefined; confirm: boolean },
  context: OperationContext,
): Promise<LandResult> {
  const { store, runId } = await findRun(context, input.run_id);
  checkLanding(store, runId, input);
  const target = targetOf(input, store.view(runId).target);
  const since = store.lastSeq(runId);
  store.sendSignal(runId, {
    kind: 'land',
    how: input.how,
    target,
  });
  context.progress(`landing ${runId} (${input.how})`);
  const ended = await lookUntil(context, { store, runId, waitMs }, () =>
    endOf(store, runId, since),
  );
  const facts = { run_id: runId, how: input.how, receipt: null };
  const open = { ...facts, landed: false, target, commit: null, from: null, url: null };
  if (ended === null) {
    return {
      ...open,
      refused: null,
      next: `poll {run_id: "${runId}"}`,
    };
  }
  if (ended.type === 'land.refused' && ended.code === 'bad-input')
    throw new MoError({ code: 'bad-input', what: ended.message, fix: 'Nothing was changed.' });
  return ended.type === 'run.landed'
    ? {
        ...facts,
        receipt: await receiptOf(store, runId, context),
        landed: true,
        target: ended.target,
        commit: ended.commit,
        from: ended.from ?? null,
        url: ended.url ?? null,
        refused: null,
      }
    : { ...open, refused: `${ended.message} [${ended.code}]` };
}

/** Of what was gated as a whole; the tree a merge makes with a target that has moved is gated once more, by the same commands. */
async function receiptOf(
  store: Store,
  runId: string,
  context: OperationContext,
): Promise<string | null> {
  const file = store.paths.runReceipt(runId);
  if ((await readText(file)) === null) return null;
  return relative((await context.project()).root, file);
}

/** What is taken back is what was landed, wherever that was. */
function targetOf(
  { how, target }: { how: LandHow; target?: string | undefined },
  start: string | null,
): string | null {
  switch (how) {
    case 'merge':
    case 'pr':
      return target ?? start;
    case 'rollback':
      return target ?? null;
    case 'branch':
    case 'discard':
      return null;
  }
}

function checkLanding(
  store: Store,
  runId: string,
  input: { how: LandHow; confirm: boolean },
): void {
  const { state } = store.view(runId);
  const takesAway = input.how === 'discard' || input.how === 'rollback';
  const wanted = takesAway ? 'finished' : 'succeeded';
  if (!isOver(state) || (wanted === 'succeeded' && state !== 'succeeded')) {
    throw new MoError({
      code: 'wrong-state',
      runId,
      state,
      wanted,
      fix: isOver(state)
        ? `Read why with: output {run_id: "${runId}", part: "report"}`
        : `Wait with: poll {run_id: "${runId}"}`,
    });
  }
  if (input.how !== 'branch' && !input.confirm) {
    throw new MoError({
      code: 'bad-input',
      what: `Landing ${runId} by ${input.how} ${effects[input.how]}.`,
      fix: 'If that is wanted, call again with confirm true (--confirm).',
    });
  }
}

const effects: Readonly<Record<Exclude<LandHow, 'branch'>, string>> = {
  merge: 'changes the target branch',
  pr: 'pushes its branch to the remote and opens a pull request there',
  discard: 'gives its work up',
  rollback: 'takes back what it merged, or closes its pull request',
};

function endOf(store: Store, runId: string, since: number): Ended | null {
  const events = store.readEvents(runId, since, 1_000).map(({ event }) => event);
  return (
    events.find((event) => event.type === 'run.landed' || event.type === 'land.refused') ?? null
  );
}
