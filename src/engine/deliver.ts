import { MoError } from '../core/problem.ts';
import { gatesOfTree } from '../core/gates.ts';
import type { Action } from '../core/action.ts';
import type { RunEvent } from '../core/event.ts';
import type { Run } from '../core/run.ts';
import { mergeIntoCheckout } from '../git/land.ts';
import { planMerge } from '../git/merge.ts';
import {
  branchRef,
  deleteRef,
  parkedRef,
  readRef,
  runBranch,
  runRef,
  updateRef,
} from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { putBackBranch } from './run-branch.ts';
import { judgeTree } from './judge-tree.ts';
import { mergedOf } from './merged-of.ts';
import type { Engine } from './engine.ts';
import type { Recorder } from './recorder.ts';

/** Brings the run's branch to where it was asked to go. What git refuses is recorded with its reason and can be asked for again. */
export async function performDelivery(
  engine: Engine,
  recorder: Recorder,
  action: Extract<Action, { do: 'deliver' }>,
  signal: AbortSignal,
): Promise<void> {
  const run = recorder.run();
  const { repository } = engine;
  try {
    recorder.record([
      repository === null
        ? nothingToLand()
        : await deliverPatiently({ engine, recorder, repository, run, signal }, action),
    ]);
  } catch (cause) {
    if (!(cause instanceof MoError) || cause.code === 'fenced' || signal.aborted) throw cause;
    recorder.record([{ type: 'land.refused', code: cause.code, message: cause.message }]);
    engine.log(`landing refused: ${cause.message}`);
  }
}

type Delivery = {
  engine: Engine;
  recorder: Recorder;
  repository: Repository;
  run: Run;
  signal: AbortSignal;
};

const mostMoves = 10;
const mostLooks = 3;
const breathMs = 400;

/**
 * Another run may land on the same branch at this moment: then the branch has moved since it was read, or its checkout is between two
 * commits and looks dirty. Each try starts from what is there then.
 */
async function deliverPatiently(
  delivery: Delivery,
  action: Extract<Action, { do: 'deliver' }>,
): Promise<RunEvent> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await deliver(delivery, action);
    } catch (cause) {
      const code = cause instanceof MoError ? cause.code : null;
      const most = code === 'target-moved' ? mostMoves : code === 'dirty-checkout' ? mostLooks : 1;
      if (tries >= most || delivery.signal.aborted) throw cause;
      await delivery.engine.clock.sleep(breathMs, delivery.signal);
    }
  }
}

async function deliver(
  delivery: Delivery,
  { how, target }: Extract<Action, { do: 'deliver' }>,
): Promise<RunEvent> {
  const { repository, run } = delivery;
  const commit = run.head?.commit ?? null;
  if (commit === null || commit === run.spec.base) return nothingToLand();
  if (how !== 'discard') await putBackBranch(delivery.engine, delivery.recorder, run);
  switch (how) {
    case 'branch':
      return { type: 'run.landed', how, target: runBranch(run.spec.runId), commit };
    case 'discard':
      await discard(repository, run, commit);
      return { type: 'run.landed', how, target: null, commit: null };
    case 'merge': {
      const branch = target ?? run.spec.target;
      if (branch === null) return { type: 'land.refused', code: 'bad-input', message: noTarget };
      return merge(delivery, branch, commit);
    }
  }
}

/** Where the target went on meanwhile, the merge of both is a tree nobody has looked at: the run's gates do, before the target moves. */
async function merge(
  { engine, recorder, repository, run, signal }: Delivery,
  target: string,
  commit: string,
): Promise<RunEvent> {
  const { runId, goal, gates } = run.spec;
  const message = `Merge ${runBranch(runId)}: ${subject(goal)}`;
  const trailers = { 'Mo-Run': runId };
  const from = await readRef(repository.git, branchRef(target));
  const plan =
    from === null ? null : await planMerge(repository.git, from, { commit, message, trailers });
  recorder.fence();
  // An owner that died in between had moved the target already; a checkout that is dirty by now does not undo that.
  if (plan?.kind === 'nothing')
    return { type: 'run.landed', how: 'merge', target, commit: plan.result };
  if (plan === null || plan.kind !== 'merge') {
    const landed = await mergeIntoCheckout(repository, { target, commit, message, trailers });
    return { type: 'run.landed', how: 'merge', target, commit: landed.to };
  }
  const commands = gates.map((command) => ({ gate: 'command' as const, command, timeoutMs: null }));
  const verdicts = await judgeTree(engine, run, {
    base: plan.from,
    commit: plan.result,
    gates: gatesOfTree(commands, run.spec.settings, await mergedOf(repository.git, plan.result)),
    evidence: 'merge',
    signal,
  });
  const failed = verdicts.filter((one) => !one.pass).map((one) => one.name);
  if (failed.length > 0) {
    const text = `Merged with what ${target} has now, the work of ${runId} does not pass ${failed.join(', ')}. Merge its branch by hand, or run the goal again from there.`;
    return { type: 'land.refused', code: 'merged-gate', message: text };
  }
  recorder.fence();
  const landed = await mergeIntoCheckout(repository, {
    target,
    commit: plan.result,
    expected: plan.from,
    message,
    trailers,
  });
  return { type: 'run.landed', how: 'merge', target, commit: landed.to };
}

const noTarget =
  'HEAD was detached when the run began, so there is no branch to merge into. Name one: mo land <run> --how merge --target main';

/** The branch goes, its commits stay reachable under a parked ref, also when somebody has deleted it before. */
async function discard({ git }: Repository, run: Run, commit: string): Promise<void> {
  const ref = runRef(run.spec.runId);
  const found = await readRef(git, ref);
  const head = found ?? commit;
  const parked = parkedRef(run.spec.runId, 'branch', 1);
  const there = await readRef(git, parked);
  // Discarded before: what was parked then stays.
  if (found === null && there !== null) return;
  if (there !== head)
    await updateRef(git, { ref: parked, to: head, expected: there, reason: 'mo: discard' });
  if (found !== null) await deleteRef(git, { ref, expected: found });
}

function nothingToLand(): RunEvent {
  return {
    type: 'land.refused',
    code: 'nothing-to-show',
    message: 'The run changed nothing, so there is nothing to land.',
  };
}

function subject(goal: string): string {
  const flat = goal.replaceAll(/\s+/g, ' ').trim();
  return flat.length > 60 ? `${flat.slice(0, 57).trimEnd()}...` : flat;
}
