import { gatesOfTree } from '../core/gates.ts';
import { MoError } from '../core/problem.ts';
import type { RunEvent } from '../core/event.ts';
import { applyChanges } from '../git/apply-changes.ts';
import { isAncestor } from '../git/commit.ts';
import { existingBranch, mergeIntoCheckout, noBranch } from '../git/land.ts';
import { planMerge, type MergePlan } from '../git/merge.ts';
import { readRef, runBranch } from '../git/refs.ts';
import { startMove, subjectOf, type Delivery } from './delivery.ts';
import { judgeTree } from './judge-tree.ts';
import { mergedOf } from './merged-of.ts';

/** Where the target went on meanwhile, the merge of both is a tree nobody has looked at: the run's gates do, before the target moves. */
export async function deliverMerge(
  delivery: Delivery,
  target: string,
  commit: string,
): Promise<RunEvent> {
  const { recorder, repository, run } = delivery;
  const { git } = repository;
  const { runId } = run.spec;
  const how = 'merge';
  const from = await readRef(git, await existingBranch(git, target));
  if (from === null) throw noBranch(target);
  const moved = await movedAlready(delivery, target, from);
  if (moved !== null)
    return { type: 'run.landed', how, target, commit: moved.to, from: moved.from };
  const made = {
    message: `Merge ${runBranch(runId)}: ${subjectOf(run)}`,
    trailers: { 'Mo-Run': runId },
  };
  const plan = await planDelivery(delivery, { target, from, commit, made });
  recorder.fence();
  if (plan.kind === 'nothing')
    return { type: 'run.landed', how, target, commit: plan.result, from: plan.result };
  if (plan.kind === 'conflict')
    throw new MoError({ code: 'merge-conflict', target, files: plan.files });
  if (plan.kind === 'merge') {
    const failed = await failedGates(delivery, { ...plan, evidence: 'merge' });
    if (failed.length > 0) {
      const text = `Merged with what ${target} has now, the work of ${runId} does not pass ${failed.join(', ')}. Merge its branch by hand, or run the goal again from there.`;
      return { type: 'land.refused', code: 'merged-gate', message: text };
    }
  }
  startMove(delivery, { target, from: plan.from, to: plan.result });
  const landed = await mergeIntoCheckout(repository, {
    target,
    commit: plan.result,
    expected: plan.from,
    ...made,
  });
  return { type: 'run.landed', how, target, commit: landed.to, from: plan.from };
}

/** An owner that died in between had moved the target already; a checkout that is dirty by now does not undo that. */
async function movedAlready({ recorder, repository }: Delivery, target: string, tip: string) {
  const { move } = recorder.run();
  if (move === null || move.target !== target) return null;
  return (await isAncestor(repository.git, move.to, tip)) ? move : null;
}

type Wish = {
  target: string;
  from: string;
  commit: string;
  made: { message: string; trailers: Record<string, string> };
};

/**
 * What was taken back by a revert is still in the history of the target, so git would call it merged: it is put on again first, as
 * `git revert` of the revert would do (`adr/0023`).
 */
async function planDelivery(
  { repository, run }: Delivery,
  { target, from, commit, made }: Wish,
): Promise<MergePlan> {
  const { git } = repository;
  const changes: { from: string; to: string }[] = [];
  for (const one of run.merges) {
    if (one.target !== target || !one.isTakenBack || one.from === null) continue;
    if (await isAncestor(git, one.to, from)) changes.push({ from: one.from, to: one.to });
  }
  const again = await applyChanges(git, from, { changes, ...made });
  if (again.kind === 'conflict') return { kind: 'conflict', from, files: again.files };
  if (again.commit === from) return planMerge(git, from, { commit, ...made });
  const plan = await planMerge(git, again.commit, { commit, ...made });
  return plan.kind === 'conflict'
    ? { ...plan, from }
    : { kind: 'merge', from, result: plan.result };
}

/** Names of the run's gates that a tree which nobody has looked at yet does not pass. */
export async function failedGates(
  { engine, repository, run, signal }: Delivery,
  plan: { from: string; result: string; evidence: string },
): Promise<string[]> {
  const commands = run.spec.gates.map((command) => ({
    gate: 'command' as const,
    command,
    timeoutMs: null,
  }));
  const verdicts = await judgeTree(engine, run, {
    base: plan.from,
    commit: plan.result,
    gates: gatesOfTree(commands, run.spec.settings, await mergedOf(repository.git, plan.result)),
    evidence: plan.evidence,
    signal,
  });
  return verdicts.filter((one) => !one.pass).map((one) => one.name);
}
