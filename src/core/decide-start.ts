import { noLimit, reserve, tighter } from './budget.ts';
import { isReady } from './needs.ts';
import { goingOnOf, isSameWorker, type GoingOn } from './going-on.ts';
import { routeNode, type Routing, type RoutingQuestion, type Worker } from './routing.ts';
import { scopesOverlap } from './scope.ts';
import { freeSlot, slotsInUse } from './slots.ts';
import { atWork, type Action, type Day, type Snapshot } from './action.ts';
import type { Limit, NodeSpec } from './node.ts';
import type { Run, RunNode } from './run.ts';

export type Starts = {
  actions: Action[];
  /** The earliest time at which something that waits for time alone may start; null: nothing does. */
  wakeAt: number | null;
  /** Something could start but for the budget. */
  isStarved: boolean;
};

/** What may start now: needs met, due, no overlapping writer, a slot, an open lane and a reservation. */
export function decideStarts(snapshot: Snapshot, now: number): Starts {
  const { run } = snapshot;
  const active = activeNodes(snapshot);
  const reserved = active.map((node) =>
    node.state.status === 'running' ? node.state.reserved : noLimit,
  );
  const writers = [
    ...run.nodes.inState('running', 'gating', 'verified').filter(isUnlandedWriter),
    ...active,
  ].map((node) => node.spec);
  const starts: Starts = { actions: [], wakeAt: null, isStarved: false };
  const slots = slotsInUse(snapshot);
  const busyNodes = atWork(snapshot.busy);
  let free = run.spec.concurrency - active.length;
  for (const node of run.nodes.inState('waiting')) {
    if (free <= 0) break;
    if (node.state.status !== 'waiting' || !isWork(node.spec)) continue;
    if (busyNodes.has(node.spec.name) || !isReady(run, node)) continue;
    const slot = freeSlot(run, slots, node);
    if (slot === 'none') continue;
    const dueAt = dueOf(node, node.state.notBefore, now);
    if (dueAt > now) {
      starts.wakeAt = Math.min(starts.wakeAt ?? dueAt, dueAt);
      continue;
    }
    if (node.spec.write && writers.some((other) => mayCollide(node.spec, other))) continue;
    const start = decideStart(snapshot, node, { reserved, slot, now });
    if (start === 'no budget') starts.isStarved = true;
    else if (start.do === 'wait')
      starts.wakeAt = Math.min(starts.wakeAt ?? start.until, start.until);
    else starts.actions.push(start);
    if (start === 'no budget' || start.do !== 'start') continue;
    free -= 1;
    reserved.push(start.reserved);
    writers.push(node.spec);
    slots.take(node, slot);
  }
  return starts;
}

/** Approvals and gates take no worker; a map unfolds into nodes that do. */
function isWork({ kind }: NodeSpec): boolean {
  return kind === 'agent' || kind === 'command';
}

const tolerableStepMs = 60_000;

/** A wait that was decided in what is the future now is over: a clock that was set back by a day must not make it a day longer. */
function dueOf(node: RunNode, notBefore: number, now: number): number {
  const decidedAt = node.attempts.at(-1)?.endedAt ?? 0;
  return decidedAt - now > tolerableStepMs ? now : notBefore;
}

function decideStart(
  snapshot: Snapshot,
  node: RunNode,
  { reserved, slot, now }: { reserved: readonly Limit[]; slot: number | null; now: number },
): Action | 'no budget' {
  const { run, workers, lanes, history, day } = snapshot;
  const { name } = node.spec;
  const attempt = node.attempts.length + 1;
  if (node.spec.kind === 'command') {
    return {
      do: 'start',
      node: name,
      attempt,
      route: null,
      reasons: ['a command of the workflow'],
      reserved: noLimit,
      slot,
    };
  }
  const { settings } = run.spec;
  const otherThan = vendorsOfWriters(run, workers);
  const question = {
    node: node.spec,
    workers,
    lanes,
    settings,
    budget: run.spec.budget,
    excluded: node.excluded,
    otherThan,
    history,
    now,
  };
  const routing = routeToSession(goingOnOf(node), question) ?? routeNode(question);
  if (!routing.ok) {
    if (routing.openAt !== null) return { do: 'wait', until: routing.openAt };
    const message = `no worker can take it: ${routing.reasons.join('; ')}`;
    return { do: 'record', event: { type: 'node.failed', node: name, message, findings: [] } };
  }
  const wish = node.spec.budget;
  const own = reserve({ ceiling: run.spec.budget, charged: run.charged, reserved }, wish);
  if (own === null) return 'no budget';
  const ofDay = day === null ? noLimit : reserveOfDay(run, day, reserved, wish);
  if (ofDay === null) {
    const mayComeBack = day !== null && day.left > 0 && day.held > 0;
    // A run that waits for an answer as well is not over when the day's money is: it looks again.
    return mayComeBack || run.requests.length > 0
      ? { do: 'wait', until: now + (mayComeBack ? othersLookMs : dayLookMs) }
      : 'no budget';
  }
  return {
    do: 'start',
    node: name,
    attempt,
    route: routing.route,
    reasons: routing.reasons,
    reserved: tighter(own, ofDay),
    slot,
  };
}

/** Nobody tells a run that another one has given something back. */
const othersLookMs = 5_000;
const dayLookMs = 60_000;

/** What is left of the day, put as a ceiling of this run: what it has charged already is gone from the day too. */
function reserveOfDay(
  { charged }: Run,
  { left, held }: Day,
  reserved: readonly Limit[],
  wish: Limit,
): Limit | null {
  const ceiling = { usd: charged.usd + left, tokens: null };
  const holding = [...reserved, { usd: held, tokens: null }];
  return reserve({ ceiling, charged, reserved: holding }, { usd: wish.usd, tokens: null });
}

/** To the worker whose session is gone on with; null when there is none, or it cannot be used any more. */
function routeToSession(before: GoingOn | null, question: RoutingQuestion): Routing | null {
  if (before === null) return null;
  const { provider, profile, model, effort } = before.route;
  const routing = routeNode({
    ...question,
    node: { ...question.node, provider, profile, model, effort },
  });
  if (!routing.ok) return routing.openAt === null ? null : routing;
  const same = routing.candidates.find((one) => isSameWorker(one.route, before.route));
  if (same === undefined) return null;
  if (same.openAt > question.now) return { ok: false, openAt: same.openAt, reasons: same.reasons };
  return {
    ...routing,
    route: same.route,
    reasons: [
      before.why === 'repair'
        ? 'its session has the work and only lacks a handoff'
        : 'its session goes on under what it was told',
    ],
  };
}

/** Running, or about to: a start that the shell is still working on holds its slot. */
function activeNodes({ run, busy }: Snapshot): RunNode[] {
  const starting = [...busy].flatMap((key) => {
    const node = key.startsWith('start:') ? run.nodes.get(key.slice('start:'.length)) : undefined;
    return node?.state.status === 'waiting' ? [node] : [];
  });
  return [...run.nodes.inState('running'), ...starting];
}

function vendorsOfWriters(run: Run, workers: readonly Worker[]): string[] {
  const vendors = new Set<string>();
  for (const node of run.nodes.values()) {
    if (!node.spec.write) continue;
    const provider = node.attempts.at(-1)?.route?.provider;
    const vendor = workers.find((one) => one.provider === provider)?.vendor;
    if (vendor !== undefined) vendors.add(vendor);
  }
  return [...vendors].toSorted();
}

/** From its start until its commits are in the run's branch, nobody else may change the same paths. */
function isUnlandedWriter(node: RunNode): boolean {
  if (!node.spec.write) return false;
  const { state } = node;
  return (
    state.status === 'running' ||
    state.status === 'gating' ||
    (state.status === 'verified' && !state.landed)
  );
}

function mayCollide(left: NodeSpec, right: NodeSpec): boolean {
  if (left.name === right.name || left.scope === null || right.scope === null || !right.write)
    return false;
  return scopesOverlap(left.scope, right.scope);
}
