import { decideEnd } from './decide-end.ts';
import { decideStarts } from './decide-start.ts';
import { isReady, needOf, recordBlocked } from './needs.ts';
import { approvalId, awaitsConfirmation, escalationId, openQuestions, planId } from './requests.ts';
import { atWork, keyOfAction, type Action, type Snapshot } from './action.ts';
import { isCutOff, stopOf } from './stop.ts';
import type { RunEvent } from './event.ts';
import type { Run, RunNode } from './run.ts';

/**
 * What is to be done now, from the folded state of one run and a time. Pure: no clock, no process, no file. An empty answer means:
 * wait for something to end, for a signal or for a person.
 */
export function decide(snapshot: Snapshot, now: number): Action[] {
  const { run } = snapshot;
  const actions =
    run.status.status === 'finished' ? decideDelivery(run) : decideRunning(snapshot, now);
  return actions.filter(
    (action) =>
      action.do === 'record' || action.do === 'wait' || !snapshot.busy.has(keyOfAction(action)),
  );
}

/** A finished run can still be asked to land. */
function decideDelivery(run: Run): Action[] {
  return run.landing === null ? [] : [{ do: 'deliver', ...run.landing }];
}

function decideRunning(snapshot: Snapshot, now: number): Action[] {
  const { run } = snapshot;
  const isStopping = run.status.status === 'stopping';
  const consequences = isStopping
    ? []
    : [
        ...recordBlocked(run),
        ...openQuestions(run).map((request): Action => ({
          do: 'record',
          event: { type: 'run.asked', request },
        })),
      ];
  // What follows from the state alone is recorded first; the next decision sees it.
  if (consequences.length > 0) return consequences;
  const isPaused = run.paused !== null;
  const settling = [
    ...decideStops(snapshot),
    ...decideSettling(snapshot, isStopping),
    ...(isStopping || isPaused ? [] : decideExpressions(snapshot)),
  ];
  if (isPaused) return settling;
  const starts = isStopping
    ? { actions: [], wakeAt: null, isStarved: false }
    : decideStarts(snapshot, now);
  const wait: Action[] = starts.wakeAt === null ? [] : [{ do: 'wait', until: starts.wakeAt }];
  const work = [...settling, ...starts.actions];
  if (work.length > 0 || wait.length > 0) return [...work, ...wait];
  return decideEnd(snapshot, starts.isStarved);
}

/** Whoever wants a node stopped at once does not wait for its gates either. */
function decideStops({ run, busy }: Snapshot): Action[] {
  const actions: Action[] = [];
  for (const node of run.nodes.inState('waiting', 'running', 'gating')) {
    const { name } = node.spec;
    const stop = stopOf(run, node);
    if (stop === null) continue;
    if (node.state.status === 'running')
      actions.push({ do: 'stop', node: name, force: stop.force });
    const isCut = node.state.status === 'gating' && stop.force && !busy.has(`gate:${name}`);
    if (node.state.status === 'waiting' || isCut)
      actions.push({ do: 'record', event: { type: 'node.stopped', node: name } });
  }
  return actions;
}

/** What has ended is gated, what is verified is landed and expanded. Finished work is kept even while a run is being stopped. */
function decideSettling({ run, busy }: Snapshot, isStopping: boolean): Action[] {
  const actions: Action[] = [];
  let isLanding = [...busy].some(
    (key) => key.startsWith('land:') || key === 'verify' || key === 'deliver',
  );
  const isLeaving = hasLeaving(run);
  for (const node of run.nodes.inState('gating'))
    if (stopOf(run, node)?.force !== true) actions.push({ do: 'gate', node: node.spec.name });
  if (run.paused !== null) return actions;
  for (const node of run.nodes.inState('waiting'))
    if (isAnsweredApproval(run, node)) actions.push({ do: 'gate', node: node.spec.name });
  for (const node of run.nodes.inState('verified')) {
    const { state } = node;
    const { name } = node.spec;
    if (state.status !== 'verified') continue;
    // Landing is serial: one compare-and-swap of the run's branch at a time.
    if (!state.landed && !isLanding && !isCutOff(run)) {
      actions.push({ do: 'land', node: name });
      isLanding = true;
    }
    if (node.spec.emit !== null && !isStopping && node.emitted === null && !isLeaving)
      actions.push(...decideEmission(run, node));
  }
  return actions;
}

/** What was withdrawn gives its name to new nodes only when its worker has gone. */
function hasLeaving({ nodes }: Run): boolean {
  return nodes
    .inState('running')
    .some(({ state }) => state.status === 'running' && state.becomes !== null);
}

/** What is weighed, judged or unfolded by expressions alone, as soon as its needs are met: it takes no worker and no slot. */
function decideExpressions({ run, busy }: Snapshot): Action[] {
  const actions: Action[] = [];
  const busyNodes = atWork(busy);
  for (const node of run.nodes.inState('waiting')) {
    const { spec, admitted, stop } = node;
    const { name } = spec;
    const isWeighed = spec.when === null || admitted;
    if (isWeighed && spec.kind !== 'gate' && spec.kind !== 'map') continue;
    if (stop !== null || busyNodes.has(name)) continue;
    if (!isWeighed && needOf(run, node) === 'met') actions.push({ do: 'weigh', node: name });
    if (spec.kind === 'gate' && isReady(run, node)) actions.push({ do: 'gate', node: name });
    if (spec.kind === 'map' && isReady(run, node) && !hasLeaving(run))
      actions.push({ do: 'unfold', node: name });
  }
  return actions;
}

function isAnsweredApproval(run: Run, node: RunNode): boolean {
  return (
    node.spec.kind === 'approval' &&
    node.state.status === 'waiting' &&
    run.answers.has(approvalId(node))
  );
}

function decideEmission(run: Run, node: RunNode): Action[] {
  const { name } = node.spec;
  switch (node.spec.emit) {
    case null:
      return [];
    case 'review': {
      const waits = run.requests.some((one) => one.id === escalationId(run, name));
      return waits ? [] : [{ do: 'review', node: name }];
    }
    case 'nodes': {
      if (!awaitsConfirmation(run, node)) return [{ do: 'expand', node: name }];
      const answer = run.answers.get(planId(node));
      if (answer === undefined) return [];
      if (answer.choice === 'yes') return [{ do: 'expand', node: name }];
      const event = answer.choice === 'revise' ? sentBack(node, answer.text) : declined(name);
      return [{ do: 'record', event }];
    }
  }
}

function sentBack(node: RunNode, text: string): RunEvent {
  const title = text === '' ? 'the plan was sent back without a word' : text;
  const evidence = 'asked for by the person who read the plan';
  return {
    type: 'node.returned',
    node: node.spec.name,
    attempt: node.attempts.length,
    cause: 'plan',
    message: title,
    findings: [{ severity: 'major', title, file: null, line: null, evidence }],
    notBefore: 0,
    counts: false,
    exclude: null,
    carry: null,
  };
}

function declined(node: string): RunEvent {
  return { type: 'node.failed', node, message: 'the plan was declined', findings: [] };
}
