import type { RunEvent } from './event.ts';
import { goingOnOf, isSameWorker } from './going-on.ts';
import type { AttemptRecord, NodeState, RunNode } from './run.ts';

/** The events that change one node and nothing else. */
export type NodeEvent = Extract<
  RunEvent,
  {
    type:
      | 'attempt.started'
      | 'attempt.spawned'
      | 'attempt.adopted'
      | 'work.committed'
      | 'gate.judged'
      | 'node.verified'
      | 'node.reused'
      | 'node.returned'
      | 'node.told'
      | 'node.failed'
      | 'node.blocked'
      | 'node.stopped'
      | 'node.unblocked'
      | 'node.admitted'
      | 'node.skipped';
  }
>;

/** The node after one more event; `at` is ms since 1970. */
export function applyToNode(node: RunNode, event: NodeEvent, at: number): RunNode {
  const { state } = node;
  switch (event.type) {
    case 'attempt.started': {
      const before = goingOnOf(node);
      return {
        ...node,
        heard: node.told.length,
        state: {
          status: 'running',
          attempt: event.attempt,
          process: null,
          reserved: event.reserved,
          base: event.base,
          findings: state.status === 'waiting' ? state.findings : [],
          becomes: null,
        },
        attempts: [
          ...node.attempts,
          {
            attempt: event.attempt,
            route: event.route,
            reasons: event.reasons,
            slot: event.slot ?? null,
            startedAt: at,
            endedAt: null,
            ending: null,
            verdicts: [],
            key: event.key ?? null,
            ...(before !== null && isSameWorker(before.route, event.route)
              ? { goesOn: before.why }
              : {}),
          },
        ],
      };
    }
    case 'attempt.spawned':
    case 'attempt.adopted':
      return state.status === 'running'
        ? { ...node, state: { ...state, process: event.process } }
        : node;
    case 'work.committed':
      // Gating starts with the commit: verdicts of an interrupted round are judged anew.
      return state.status === 'gating' && state.attempt === event.attempt
        ? { ...node, state: { ...state, work: event.work, verdicts: [] } }
        : node;
    case 'gate.judged':
      return changeAttempt(
        state.status === 'gating' && state.attempt === event.attempt
          ? { ...node, state: { ...state, verdicts: [...state.verdicts, event.verdict] } }
          : node,
        event.attempt,
        (attempt) => ({ ...attempt, verdicts: [...attempt.verdicts, event.verdict] }),
      );
    case 'node.verified': {
      if (event.attempt <= node.stale) return node;
      const work = state.status === 'gating' ? state.work : null;
      return {
        ...node,
        carry: null,
        state: {
          status: 'verified',
          attempt: event.attempt,
          receipt: event.receipt,
          work,
          landed: work === null || work.files.length === 0,
          handoff: event.handoff,
        },
      };
    }
    case 'node.reused':
      return reusedNode(node, event, at);
    case 'node.returned':
      if (event.attempt <= node.stale) return node;
      return {
        ...node,
        state: {
          status: 'waiting',
          notBefore: event.notBefore,
          findings: event.findings,
          message: event.message,
          ...(event.repair === true ? { goesOn: 'repair' as const } : {}),
          ...(event.told === true ? { goesOn: 'told' as const } : {}),
        },
        counted: node.counted + (event.counts ? 1 : 0),
        // A person ends somewhere: what was told has no limit.
        uncounted: node.uncounted + (event.counts || event.cause === 'told' ? 0 : 1),
        excluded: event.exclude === null ? node.excluded : [...node.excluded, event.exclude],
        carry: event.carry,
      };
    case 'node.told':
      return { ...node, told: [...node.told, event.text] };
    case 'node.failed':
      return {
        ...node,
        state: { status: 'failed', message: event.message, findings: event.findings },
      };
    case 'node.blocked':
      return { ...node, state: { status: 'blocked', by: event.by } };
    case 'node.stopped':
      return { ...node, state: { status: 'stopped' } };
    case 'node.unblocked':
      return state.status === 'blocked'
        ? { ...node, state: { status: 'waiting', notBefore: 0, findings: [], message: null } }
        : node;
    case 'node.admitted':
      return state.status === 'waiting' ? { ...node, admitted: true } : node;
    case 'node.skipped':
      return { ...node, state: { status: 'skipped', by: event.by } };
  }
}

/** Verified as if it had been executed; the attempt stands for what was taken over, so that its receipt can become stale like any. */
function reusedNode(
  node: RunNode,
  event: Extract<RunEvent, { type: 'node.reused' }>,
  at: number,
): RunNode {
  if (event.attempt <= node.stale || node.state.status !== 'waiting') return node;
  const { attempt, receipt, handoff, work, route, key, from } = event;
  const landed = work.files.length === 0;
  return {
    ...node,
    heard: node.told.length,
    state: { status: 'verified', attempt, receipt, work, landed, handoff },
    attempts: [
      ...node.attempts,
      {
        attempt,
        route,
        reasons: [],
        slot: null,
        startedAt: at,
        endedAt: at,
        ending: null,
        verdicts: [],
        key,
        reused: from,
      },
    ],
  };
}

/** The worker is gone and what it left is to be judged, unless it is not wanted any more. */
export function endAttempt(
  node: RunNode,
  event: Extract<RunEvent, { type: 'attempt.ended' }>,
  at: number,
): RunNode {
  const base = node.state.status === 'running' ? node.state.base : null;
  const state: NodeState = leftFor(node, event) ?? {
    status: 'gating',
    attempt: event.attempt,
    base,
    ending: event.ending,
    handoff: event.handoff,
    work: null,
    verdicts: [],
  };
  return changeAttempt({ ...node, state }, event.attempt, (attempt) => ({
    ...attempt,
    endedAt: at,
    ending: event.ending,
  }));
}

/**
 * What a node is once this attempt has ended when that is not for its gates to say: its work counts no more, or a pause ended its worker
 * before it was done. null: everything takes its usual way.
 */
export function leftFor(
  { state, stale }: RunNode,
  { attempt, ending }: Pick<Extract<RunEvent, { type: 'attempt.ended' }>, 'attempt' | 'ending'>,
): NodeState | null {
  if (state.status !== 'running' || state.becomes === null) return null;
  return attempt <= stale || ending.class !== 'done' ? state.becomes : null;
}

function changeAttempt(
  node: RunNode,
  attempt: number,
  change: (one: AttemptRecord) => AttemptRecord,
): RunNode {
  return {
    ...node,
    attempts: node.attempts.map((one) => (one.attempt === attempt ? change(one) : one)),
  };
}
