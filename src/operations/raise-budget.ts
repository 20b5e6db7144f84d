import type { Limit } from '../core/node.ts';
import { MoError } from '../core/problem.ts';
import { isResumable } from '../core/resume.ts';
import type { Run } from '../core/run.ts';
import { readRun } from '../engine/read-run.ts';
import { count, money } from './amounts.ts';
import type { OperationContext } from './context.ts';
import { findRun } from './find-run.ts';
import { lookUntil } from './look-until.ts';

/** How long the owner may take to see it; it stays in the store for it in any case. */
const waitMs = 20_000;

/**
 * Lets a run go on under larger ceilings; null leaves one as it is, which is enough where a quota or the day's money had ended it.
 * Throws `wrong-state` for a run that ended otherwise, `bad-input` for a ceiling that leaves nothing to spend.
 */
export async function raiseBudget(
  context: OperationContext,
  run: string,
  more: Limit,
): Promise<void> {
  const { store, runId } = await findRun(context, run);
  const before = readRun(store, runId);
  checkState(before);
  const budget: Limit = {
    usd: ceiling(before, more, 'usd'),
    tokens: ceiling(before, more, 'tokens'),
  };
  store.sendSignal(runId, { kind: 'resume', budget });
  await lookUntil(context, { store, runId, waitMs }, () =>
    store.pendingSignals(runId) === 0 ? true : null,
  );
}

function checkState(run: Run): void {
  if (isResumable(run)) return;
  const { runId } = run.spec;
  throw new MoError({
    code: 'wrong-state',
    runId,
    state: run.status.status === 'finished' ? run.status.outcome : run.status.status,
    wanted: 'at work or out of budget',
    fix: `Read what it did with: mo output ${runId} --part report`,
  });
}

function ceiling(run: Run, more: Limit, kind: 'usd' | 'tokens'): number | null {
  const now = run.spec.budget[kind];
  const wanted = more[kind] ?? now;
  const least = Math.max(run.charged[kind], more[kind] === null ? 0 : (now ?? 0));
  if (wanted === null || wanted > least) return wanted;
  const show = kind === 'usd' ? money : (tokens: number): string => `${count(tokens)} tokens`;
  const { runId } = run.spec;
  throw new MoError({
    code: 'bad-input',
    what: `Run ${runId} has used ${show(run.charged[kind])}${now === null ? '' : ` of its budget of ${show(now)}`}.`,
    fix: `Give it more than ${show(least)}: mo resume ${runId} --budget-${kind} <number>`,
  });
}
