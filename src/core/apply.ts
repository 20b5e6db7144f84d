import { applyToNode, endAttempt } from './apply-node.ts';
import type { Recorded, RunEvent, RunSpec } from './event.ts';
import { isBlocking } from './gate.ts';
import { addNodes, newNode } from './added.ts';
import { afterLanding } from './after-landing.ts';
import { invalidated } from './invalidate.ts';
import { NodeMap } from './node-map.ts';
import { pausedRun, resumedRun } from './resume.ts';
import type { Run, RunNode } from './run.ts';
import { isCutOff } from './stop.ts';
import { addSpend, noSpend, tokensOf } from './spend.ts';

/** The state of a run is nothing but its events, folded. The first one must be `run.created`. */
export function foldRun(events: Iterable<Recorded>): Run | null {
  let run: Run | null = null;
  for (const recorded of events) {
    const next = apply(run, recorded);
    run = next.nodes.isDraft ? next : { ...next, nodes: next.nodes.draft() };
  }
  run?.nodes.settle();
  return run;
}

/** The state after one more event. Pure; events that name an unknown node or come after the end change nothing but `seq`. */
export function apply(run: Run | null, recorded: Recorded): Run {
  const { event } = recorded;
  if (event.type === 'run.created') return createdRun(event.spec, recorded);
  if (run === null) throw new Error(`event ${event.type} before run.created`);
  return {
    ...applyToRun(run, event, recorded.at),
    seq: recorded.seq,
    epoch: Math.max(run.epoch, recorded.epoch),
  };
}

function createdRun(spec: RunSpec, recorded: Recorded): Run {
  return {
    spec,
    createdAt: recorded.at,
    status: { status: 'running' },
    epoch: recorded.epoch,
    seq: recorded.seq,
    nodes: new NodeMap(spec.nodes.map((node) => newNode(node, null))),
    head: spec.base === null ? null : { commit: spec.base, tree: null },
    settled: noSpend,
    charged: { usd: 0, tokens: 0 },
    requests: [],
    answers: new Map(),
    cycles: [],
    invalidations: [],
    paused: null,
    refused: null,
    verified: null,
    landing: null,
    landed: null,
    landRefused: null,
    move: null,
    merges: [],
    pullRequest: null,
  };
}

function applyToRun(run: Run, event: RunEvent, at: number): Run {
  switch (event.type) {
    case 'run.created':
    case 'run.owned':
    case 'lane.closed':
      return run;
    case 'attempt.ended': {
      const node = run.nodes.get(event.node);
      const reserved = node?.state.status === 'running' ? node.state.reserved : null;
      const { spend } = event.ending;
      return changeNode(
        {
          ...run,
          settled: addSpend(run.settled, spend),
          charged: {
            usd: run.charged.usd + (spend.usd ?? reserved?.usd ?? 0),
            tokens: run.charged.tokens + tokensOf(spend),
          },
        },
        event.node,
        (one) => endAttempt(one, event, at),
      );
    }
    case 'attempt.started':
    case 'attempt.spawned':
    case 'attempt.adopted':
    case 'work.committed':
    case 'gate.judged':
    case 'node.verified':
    case 'node.reused':
    case 'node.returned':
    case 'node.told':
    case 'node.failed':
    case 'node.blocked':
    case 'node.stopped':
    case 'node.unblocked':
    case 'node.admitted':
      return changeNode(run, event.node, (node) => applyToNode(node, event, at));
    case 'node.skipped':
      return changeNode(
        {
          ...run,
          status: run.status.status === 'finished' ? { ...run.status, rerun: true } : run.status,
          requests: run.requests.filter((one) => one.node !== event.node),
        },
        event.node,
        (node) => applyToNode(node, event, at),
      );
    case 'nodes.invalidated':
      return invalidated(run, event, at);
    case 'run.paused':
      return run.status.status === 'running' ? pausedRun(run, event.workers) : run;
    case 'run.resumed':
      return resumedRun(run, event.budget);
    case 'node.landed':
      return changeNode(
        { ...run, head: { commit: event.head, tree: event.tree }, verified: null, refused: null },
        event.node,
        (node) =>
          node.state.status === 'verified'
            ? { ...node, state: { ...node.state, landed: true } }
            : node,
      );
    case 'nodes.added':
      return addNodes(run, event);
    case 'review.judged':
      return {
        ...run,
        cycles: [
          ...run.cycles,
          {
            node: event.node,
            findings: event.findings,
            judgement: event.judgement,
            stale: false,
          },
        ],
      };
    case 'run.asked':
      return {
        ...run,
        requests: [...run.requests.filter((one) => one.id !== event.request.id), event.request],
      };
    case 'run.answered':
      return {
        ...run,
        requests: run.requests.filter((one) => one.id !== event.id),
        answers: new Map(run.answers).set(event.id, { choice: event.choice, text: event.text }),
      };
    case 'run.stopping':
      // Who has asked for a stop at once does not take that back by asking again.
      return event.node === null
        ? {
            ...run,
            status:
              run.status.status === 'finished'
                ? run.status
                : { status: 'stopping', force: event.force || isCutOff(run) },
            paused: null,
          }
        : changeNode(run, event.node, (node) => ({
            ...node,
            stop: { force: event.force || node.stop?.force === true },
          }));
    case 'run.verified':
      return {
        ...run,
        verified: { commit: event.commit, tree: event.tree, receipt: event.receipt },
        refused: null,
      };
    case 'run.refused':
      return {
        ...run,
        refused: {
          tree: event.tree,
          gates: event.verdicts.filter(({ pass }) => !pass).map(({ name }) => name),
          findings: event.verdicts.flatMap((one) => one.findings).filter(isBlocking),
        },
      };
    case 'land.asked':
      return {
        ...run,
        landing: { how: event.how, target: event.target },
        move: null,
        landRefused: null,
      };
    case 'land.started':
      return { ...run, move: { target: event.target, from: event.from, to: event.to } };
    case 'run.landed':
      return afterLanding(run, event);
    case 'land.refused':
      return {
        ...run,
        landing: null,
        move: null,
        landRefused: { code: event.code, message: event.message },
      };
    case 'run.finished':
      return {
        ...run,
        status: {
          status: 'finished',
          outcome: event.outcome,
          reason: event.reason,
          at,
          rerun: false,
        },
        requests: [],
      };
  }
}

function changeNode(run: Run, name: string, change: (node: RunNode) => RunNode): Run {
  const node = run.nodes.get(name);
  if (node === undefined) return run;
  return { ...run, nodes: run.nodes.with(change(node)) };
}
