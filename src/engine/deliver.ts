import { MoError } from '../core/problem.ts';
import type { Action } from '../core/action.ts';
import type { RunEvent } from '../core/event.ts';
import type { Run } from '../core/run.ts';
import { deleteRef, parkedRef, readRef, runBranch, runRef, updateRef } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { deliverMerge } from './deliver-merge.ts';
import { deliverPullRequest } from './deliver-pull-request.ts';
import type { Delivery } from './delivery.ts';
import { putBackBranch } from './run-branch.ts';
import { takeBack } from './take-back.ts';
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
  if (how !== 'discard' && how !== 'rollback')
    await putBackBranch(delivery.engine, delivery.recorder, run);
  const branch = target ?? run.spec.target;
  switch (how) {
    case 'branch':
      return { type: 'run.landed', how, target: runBranch(run.spec.runId), commit };
    case 'discard':
      await discard(repository, run, commit);
      return { type: 'run.landed', how, target: null, commit: null };
    case 'merge':
      return branch === null
        ? noTarget(run.spec.runId, how)
        : deliverMerge(delivery, branch, commit);
    case 'pr':
      return branch === null
        ? noTarget(run.spec.runId, how)
        : deliverPullRequest(delivery, branch, commit);
    case 'rollback':
      return takeBack(delivery, target);
  }
}

function noTarget(runId: string, how: 'merge' | 'pr'): RunEvent {
  const message = `HEAD was detached when the run began, so there is no branch to land on. Name one: land {run_id: "${runId}", how: "${how}", target: "main", confirm: true}`;
  return { type: 'land.refused', code: 'bad-input', message };
}

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
