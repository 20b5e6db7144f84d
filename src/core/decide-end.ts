import { noLimit, reserve } from './budget.ts';
import { ranOut } from './held.ts';
import { escalationId } from './requests.ts';
import type { Action, Snapshot } from './action.ts';
import type { Outcome } from './event.ts';
import type { Run } from './run.ts';

/** Nothing can be started and nothing settled: verify the whole, land it, and finish; or say why not. */
export function decideEnd({ run, busy }: Snapshot, isStarved: boolean): Action[] {
  if (busy.size > 0) return [];
  // A question that came up while the run was being stopped is not waited for.
  if (run.requests.length > 0 && run.status.status !== 'stopping') return [];
  const nodes = [...run.nodes.values()];
  if (nodes.some((node) => node.state.status === 'running' || node.state.status === 'gating'))
    return [];
  if (run.status.status === 'stopping')
    return finish('stopped', 'stopped as asked; finished work is kept');
  if (nodes.some((node) => node.state.status === 'waiting')) {
    if (isStarved) return finish('exhausted', whoseBudget(run));
    return finish('failed', 'some nodes wait for something that will never come');
  }
  const failed = nodes.filter((node) => node.state.status === 'failed');
  // One that failed by itself is what has to be looked at; more budget would not mend it.
  const first = failed.find((node) => !ranOut(node)) ?? failed[0];
  if (first?.state.status === 'failed') {
    const outcome = ranOut(first) ? 'exhausted' : 'failed';
    return finish(outcome, `${first.spec.name}: ${first.state.message}`);
  }
  if (nodes.some((node) => node.state.status === 'stopped'))
    return finish('stopped', 'a node was stopped');
  return decideWhole(run);
}

/** A run whose branch moved is verified as a whole before it lands: each node alone proves nothing about the sum. */
function decideWhole(run: Run): Action[] {
  if (run.head === null || run.head.commit === run.spec.base)
    return finish('succeeded', 'every node is verified');
  if (run.verified?.commit !== run.head.commit) {
    return run.refused === null ? [{ do: 'verify' }] : decideRefused(run, run.refused);
  }
  if (run.landed === null && run.landRefused === null && run.spec.land !== 'none') {
    return [{ do: 'deliver', how: run.spec.land, target: null }];
  }
  const landing = run.landRefused === null ? '' : `; not landed: ${run.landRefused.message}`;
  return finish('succeeded', `every node is verified, and so is the whole${landing}`);
}

/** The sum of verified parts fails. Where the run has a reviewer, the findings are one more round; else they end the run. */
function decideRefused(run: Run, { gates }: NonNullable<Run['refused']>): Action[] {
  const hasReview = [...run.nodes.values()].some((node) => node.spec.emit === 'review');
  const answer = run.answers.get(escalationId(run, 'verify'));
  if (hasReview && answer?.choice !== 'stop') return [{ do: 'review', node: 'verify' }];
  const names = gates.map((gate) => `\`${gate.trim()}\``).join(', ');
  return finish('failed', `the integrated tree does not pass the gates of the run: ${names}`);
}

function whoseBudget({ spec, charged, settled }: Run): string {
  const { usd, tokens } = spec.budget;
  if (reserve({ ceiling: spec.budget, charged, reserved: [] }, noLimit) !== null)
    return 'the money of the day is spent (limits.usd_per_day of the settings)';
  if (usd === null || charged.usd < usd) return `the budget of ${tokens ?? 0} tokens is spent`;
  const ceiling = `the budget of $${Number(usd.toFixed(4))}`;
  const reported = settled.usd ?? 0;
  const unreported = charged.usd - reported;
  if (unreported < 0.005) return `${ceiling} is spent`;
  return `${ceiling} is used up: $${reported.toFixed(2)} reported, $${unreported.toFixed(2)} charged for attempts whose CLI reports no money`;
}

function finish(outcome: Outcome, reason: string): Action[] {
  return [{ do: 'record', event: { type: 'run.finished', outcome, reason } }];
}
