import { z } from 'zod';
import { origin, request } from './event.ts';
import { heldByBudget, isHeld, reservations } from './held.ts';
import { landedPlace } from './landing.ts';
import { isReady, needOf } from './needs.ts';
import { nodeSpec } from './node.ts';
import { progress, progressOfRun } from './progress.ts';
import { originOf, reusedText } from './reuse.ts';
import { cutLine } from './report-line.ts';
import { spend, spendOf, writtenSpend } from './spend.ts';
import { route } from './worker.ts';
import type { Run, RunNode, RunStatus } from './run.ts';
import { whySkipped } from './skipped.ts';

export const nodeStatuses = [
  'waiting',
  'running',
  'gating',
  'verified',
  'failed',
  'blocked',
  'skipped',
  'stopped',
] as const;

export const runStates = [
  'running',
  'needs',
  'paused',
  'stopping',
  'succeeded',
  'failed',
  'stopped',
  'exhausted',
  'needs_rerun',
] as const;

/**
 * What a surface shows of a run, however many nodes and events it has. `needs`: nothing goes on until a person answers. `needs_rerun`: it
 * was over, and something in it was invalidated since; `resume` does that again.
 */
export const runView = z.object({
  state: z.enum(runStates),
  /** Nodes by status; those with none are left out. */
  counts: z.partialRecord(z.enum(nodeStatuses), z.number().int()),
  total: z.number().int(),
  /** Of the lists its nodes belong to. */
  progress: z.array(progress).default([]),
  /** The same of the items of each map that has unfolded. */
  maps: z
    .array(
      z.object({
        map: z.string(),
        counts: z.partialRecord(z.enum(nodeStatuses), z.number().int()),
      }),
    )
    .default([]),
  spend,
  /** The base until something has landed; null outside git. */
  head: z.string().nullable(),
  /** Where `head` is; null while there is none, and once it was discarded. */
  branch: z.string().nullable(),
  target: z.string().nullable(),
  landed: landedPlace.nullable(),
  /** Rounds of review so far. */
  cycles: z.number().int(),
  requests: z.array(request),
  /** In state `needs`: nodes that could start but for the run's own budget. */
  held: z.array(z.string()).default([]),
  /** Why the run ended. */
  reason: z.string().nullable(),
  /** ms since 1970: of the last event, and of the end. */
  updatedAt: z.number(),
  endedAt: z.number().nullable(),
});
export type RunView = z.infer<typeof runView>;
export type RunState = RunView['state'];

/** What a surface shows of a node; what its worker does right now is in the attempt's summary. */
export const nodeView = z.object({
  name: z.string(),
  kind: nodeSpec.shape.kind,
  role: z.string(),
  state: z.enum(nodeStatuses),
  /** The newest attempt, which the fields below speak of; 0 before the first. Of a reused node it stands for what was taken over. */
  attempt: z.number().int(),
  /** Attempts up to this one are history: their receipts are withdrawn. */
  stale: z.number().int().default(0),
  route: route.nullable(),
  /** The model that answered, as the stream names it. */
  model: z.string().nullable(),
  /** Of all attempts that have ended. */
  spend,
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  message: z.string().nullable(),
  /** Whose work it is where none was done in this run. */
  reused: origin.nullable().default(null),
  /** In state `running`: its process is not there yet. */
  isStarting: z.boolean().default(false),
  needs: z.array(z.string()),
  /** The map it is an item of. */
  itemOf: z.string().nullable().default(null),
  /** What it was made for, cut to one line: `src/a.ts`, `src/a.ts and 4 more`. */
  item: z.string().nullable().default(null),
});
export type NodeView = z.infer<typeof nodeView>;

const messageLength = 400;

/** `updatedAt`: the time of the last event folded into the run. */
export function viewOf(run: Run, updatedAt: number): RunView {
  const finished = run.status.status === 'finished' ? run.status : null;
  const state = stateOf(run);
  return {
    state,
    counts: countsOf(run),
    total: run.nodes.size,
    progress: progressOfRun(run),
    maps: mapsOf(run),
    spend: writtenSpend(run.settled),
    head: run.head?.commit ?? null,
    branch: branchOf(run),
    target: run.spec.target,
    landed: run.landed,
    cycles: run.cycles.length,
    requests: [...run.requests],
    held: state === 'needs' ? heldByBudget(run) : [],
    reason: reasonOf(run),
    updatedAt,
    endedAt: finished?.at ?? null,
  };
}

export function nodeViewOf(node: RunNode): NodeView {
  const last = node.attempts.at(-1);
  return {
    name: node.spec.name,
    kind: node.spec.kind,
    role: node.spec.role,
    state: node.state.status,
    attempt: last?.attempt ?? 0,
    stale: node.stale,
    route: last?.route ?? null,
    model: last?.ending?.model ?? null,
    spend: writtenSpend(spendOf(node.attempts)),
    startedAt: last?.startedAt ?? null,
    endedAt: last?.endedAt ?? null,
    message: messageOf(node)?.slice(0, messageLength) ?? null,
    reused: originOf(node),
    isStarting: node.state.status === 'running' && node.state.process === null,
    needs: node.spec.needs,
    itemOf: node.spec.itemOf,
    item: itemText(node.spec.items),
  };
}

const itemLength = 80;

function itemText(items: readonly string[] | null): string | null {
  const [first, ...more] = items ?? [];
  if (first === undefined) return null;
  return `${cutLine(first, itemLength)}${more.length === 0 ? '' : ` and ${more.length} more`}`;
}

/** Made when the first node lands on it, gone when the work was discarded: null then, and before. */
export function branchOf({ spec, head, landed }: Run): string | null {
  if (head === null || head.commit === spec.base || landed?.how === 'discard') return null;
  return `mo/${spec.runId}`;
}

/** Why it ended, or why what has ended is to go on; null while it goes on. */
export function reasonOf({ status, invalidations }: Run): string | null {
  if (status.status !== 'finished') return null;
  if (!status.rerun) return status.reason;
  const last = invalidations.at(-1);
  return last === undefined || last.at < status.at
    ? 'a node was skipped after the run had ended'
    : `${last.target} is to be done again: ${last.reason}`;
}

/** Nothing but landing can still happen. */
export function isOver(state: RunState): boolean {
  return !['running', 'needs', 'paused', 'stopping'].includes(state);
}

/** Whether something is to be done that takes an owner. A paused run is left alone once its workers have gone. */
export function wantsOwner({ state, counts }: Pick<RunView, 'state' | 'counts'>): boolean {
  if (state === 'paused') return (counts.running ?? 0) + (counts.gating ?? 0) > 0;
  return state === 'running' || state === 'stopping';
}

function stateOf(run: Run): RunState {
  const status: RunStatus = run.status;
  switch (status.status) {
    case 'finished':
      return status.rerun ? 'needs_rerun' : status.outcome;
    case 'stopping':
      return 'stopping';
    case 'running':
      if (run.paused !== null) return 'paused';
      return run.requests.length > 0 && !isMoving(run) ? 'needs' : 'running';
  }
}

function isUnlanded({ state }: RunNode): boolean {
  return state.status === 'verified' && !state.landed;
}

/** Whether something goes on without the person: then a question is shown, but the run is not waiting for its answer yet. */
function isMoving(run: Run): boolean {
  const { counts } = run.nodes;
  if ((counts.get('running') ?? 0) + (counts.get('gating') ?? 0) > 0) return true;
  if (run.nodes.inState('verified').some(isUnlanded)) return true;
  const reserved = reservations(run);
  for (const node of run.nodes.inState('waiting')) {
    if (needOf(run, node) !== 'met') continue;
    if (isHeld(run, node, reserved)) continue;
    if (node.spec.kind !== 'approval' || !isReady(run, node)) return true;
  }
  return false;
}

/** The items of each map that has unfolded, by state. */
export function mapsOf({ nodes }: Run): RunView['maps'] {
  return [...nodes.items].map(([map, counts]) => ({ map, counts: inOrder(counts) }));
}

/** In the order of a node's life, so that two looks at one run read alike. */
export function countsOf({ nodes }: Run): RunView['counts'] {
  return inOrder(nodes.counts);
}

function inOrder(counts: Run['nodes']['counts']): RunView['counts'] {
  return Object.fromEntries(
    nodeStatuses.flatMap((status) => {
      const count = counts.get(status);
      return count === undefined ? [] : [[status, count]];
    }),
  );
}

function messageOf(node: RunNode): string | null {
  const { state } = node;
  switch (state.status) {
    case 'waiting':
    case 'failed':
      return state.message;
    case 'gating':
      return state.ending.message;
    case 'blocked':
      return `needs ${state.by}`;
    case 'skipped':
      return whySkipped(state.by);
    case 'verified': {
      const from = originOf(node);
      return from === null ? null : reusedText(from);
    }
    case 'running':
    case 'stopped':
      return null;
  }
}
