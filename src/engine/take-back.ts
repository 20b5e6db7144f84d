import { standingMerges } from '../core/after-landing.ts';
import type { RunEvent } from '../core/event.ts';
import type { Merge } from '../core/landing.ts';
import { MoError } from '../core/problem.ts';
import { applyChanges, type Change } from '../git/apply-changes.ts';
import { isAncestor } from '../git/commit.ts';
import { existingBranch, mergeIntoCheckout, noBranch } from '../git/land.ts';
import { followBack, isPublished, moveBack } from '../git/move-back.ts';
import { readRef, runBranch } from '../git/refs.ts';
import { failedGates } from './deliver-merge.ts';
import { withdrawPullRequest } from './deliver-pull-request.ts';
import { startMove, subjectOf, type Delivery } from './delivery.ts';

/**
 * Takes back what the run has merged into a branch: the branch moves back where nothing has come on top and nobody else has it, else a
 * commit reverts it (`adr/0023`). A run that was never merged but has an open pull request has that closed.
 */
export async function takeBack(delivery: Delivery, asked: string | null): Promise<RunEvent> {
  const { run, repository } = delivery;
  const found = standingMerges(run, asked);
  if (found === null) {
    const { pullRequest } = run;
    if (pullRequest !== null && (asked ?? pullRequest.target) === pullRequest.target)
      return withdrawPullRequest(delivery, pullRequest);
    throw nothing(delivery, asked);
  }
  const { target, standing, wasDone } = found;
  const tip = await readRef(repository.git, await existingBranch(repository.git, target));
  if (tip === null) throw noBranch(target);
  if (wasDone) return takenBack(target, { from: tip, to: tip });
  const moved = await movedAlready(delivery, target, tip);
  if (moved !== null) return takenBack(target, moved);
  const changes = knownChanges(delivery, standing);
  if (await mayGoBack(delivery, { target, tip, changes })) {
    const back = { target, from: tip, to: changes[0]?.from ?? tip };
    startMove(delivery, back);
    await moveBack(repository, back);
    return takenBack(target, back);
  }
  return revert(delivery, { target, tip, changes });
}

type Standing = { target: string; tip: string; changes: readonly Change[] };

function takenBack(target: string, { from, to }: Change): RunEvent {
  return { type: 'run.landed', how: 'rollback', target, commit: to, from };
}

/** An owner that died may have moved the branch; where it went back, its checkout may not have followed. */
async function movedAlready(
  { recorder, repository }: Delivery,
  target: string,
  tip: string,
): Promise<Change | null> {
  const { move } = recorder.run();
  if (move === null || move.target !== target) return null;
  const isBack = await isAncestor(repository.git, move.to, move.from);
  if (!isBack) return (await isAncestor(repository.git, move.to, tip)) ? move : null;
  if (tip !== move.to) return null;
  await followBack(repository, move);
  return move;
}

function knownChanges({ run }: Delivery, merges: readonly Merge[]): Change[] {
  return merges.map(({ from, to, target }) => {
    if (from !== null) return { from, to };
    const { runId } = run.spec;
    throw new MoError({
      code: 'nothing-to-take-back',
      runId,
      reason: `it was merged by an older mo, which did not write down where ${target} was before`,
      fix: `Revert it by hand: git log ${target} --grep ${runId}`,
    });
  });
}

/** It still stands exactly where mo has put it, and no remote is known to have what would go. */
async function mayGoBack(
  { repository }: Delivery,
  { target, tip, changes }: Standing,
): Promise<boolean> {
  const [first] = changes;
  if (first === undefined || changes.at(-1)?.to !== tip) return false;
  const isOneMove = changes.every((change, place) => {
    const before = changes[place - 1];
    return before === undefined || before.to === change.from;
  });
  if (!isOneMove || !(await isAncestor(repository.git, first.from, tip))) return false;
  return !(await isPublished(repository.git, target, first.to));
}

async function revert(delivery: Delivery, { target, tip, changes }: Standing): Promise<RunEvent> {
  const { recorder, repository, run } = delivery;
  const { git } = repository;
  const { runId } = run.spec;
  const there: Change[] = [];
  for (const change of changes) if (await isAncestor(git, change.to, tip)) there.push(change);
  const made = {
    message: `Revert ${runBranch(runId)}: ${subjectOf(run)}`,
    trailers: { 'Mo-Reverts': runId },
  };
  const undone = there.toReversed().map(({ from, to }) => ({ from: to, to: from }));
  const applied = await applyChanges(git, tip, { changes: undone, ...made });
  recorder.fence();
  if (applied.kind === 'conflict')
    throw new MoError({ code: 'rollback-conflict', runId, target, files: applied.files });
  const to = applied.commit;
  // Somebody has taken it back already.
  if (to === tip) return takenBack(target, { from: tip, to: tip });
  const failed = await failedGates(delivery, { from: tip, result: to, evidence: 'rollback' });
  if (failed.length > 0) {
    const text = `Without the work of ${runId}, ${target} does not pass ${failed.join(', ')}: what came later may need it. Nothing was changed; revert it by hand there.`;
    return { type: 'land.refused', code: 'merged-gate', message: text };
  }
  startMove(delivery, { target, from: tip, to });
  await mergeIntoCheckout(repository, { target, commit: to, expected: tip, ...made });
  return takenBack(target, { from: tip, to });
}

function nothing({ run }: Delivery, asked: string | null): MoError {
  const { runId } = run.spec;
  const into = run.merges.length > 0 && asked !== null ? ` into ${asked}` : '';
  return new MoError({
    code: 'nothing-to-take-back',
    runId,
    reason: `mo has not merged it${into}`,
    fix: `To give its branch up: land {run_id: "${runId}", how: "discard", confirm: true}`,
  });
}
