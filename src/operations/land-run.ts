import type { z } from 'zod';
import type { RunEvent } from '../core/event.ts';
import { MoError } from '../core/problem.ts';
import type { Store } from '../store/store.ts';
import type { OperationContext } from './context.ts';
import { findRun } from './find-run.ts';
import type { landOutput } from './land.ts';
import { isOver } from '../core/view.ts';
import { lookUntil } from './look-until.ts';

type LandResult = z.output<typeof landOutput>;
type How = 'branch' | 'merge' | 'discard';
type Ended = Extract<RunEvent, { type: 'run.landed' | 'land.refused' }>;

/** Gates may run on the merged tree; landing goes on when this call has to answer before they end. */
const waitMs = 50_000;

export async function landRun(
  input: { run_id: string; how: How; target?: string | undefined; confirm: boolean },
  context: OperationContext,
): Promise<LandResult> {
  const { store, runId } = await findRun(context, input.run_id);
  checkLanding(store, runId, input);
  const target = input.target ?? store.view(runId).target;
  const since = store.lastSeq(runId);
  store.sendSignal(runId, {
    kind: 'land',
    how: input.how,
    target: input.how === 'merge' ? target : null,
  });
  context.progress(`landing ${runId} (${input.how})`);
  const ended = await lookUntil(context, { store, runId, waitMs }, () =>
    endOf(store, runId, since),
  );
  const facts = { run_id: runId, how: input.how, receipt: null };
  if (ended === null) {
    return {
      ...facts,
      landed: false,
      target,
      commit: null,
      refused: null,
      next: `poll {run_id: "${runId}"}`,
    };
  }
  return ended.type === 'run.landed'
    ? { ...facts, landed: true, target: ended.target, commit: ended.commit, refused: null }
    : {
        ...facts,
        landed: false,
        target,
        commit: null,
        refused: `${ended.message} [${ended.code}]`,
      };
}

function checkLanding(store: Store, runId: string, input: { how: How; confirm: boolean }): void {
  const { state } = store.view(runId);
  const wanted = input.how === 'discard' ? 'finished' : 'succeeded';
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
      what:
        input.how === 'merge'
          ? `Landing ${runId} by merge changes the target branch.`
          : `Landing ${runId} by discard gives its work up.`,
      fix: 'If that is wanted, call again with confirm true (--confirm).',
    });
  }
}

function endOf(store: Store, runId: string, since: number): Ended | null {
  const events = store.readEvents(runId, since, 1_000).map(({ event }) => event);
  return (
    events.find((event) => event.type === 'run.landed' || event.type === 'land.refused') ?? null
  );
}
