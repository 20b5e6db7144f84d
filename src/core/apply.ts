import { applyToNode, endAttempt } from './apply-node.ts';
import type { Recorded, RunEvent, RunSpec } from './event.ts';
import { isBlocking } from './gate.ts';
import { NodeMap } from './node-map.ts';
import type { NodeSpec } from './node.ts';
import { resumedRun } from './resume.ts';
import type { Run, RunNode } from './run.ts';
import { isCutOff } from './stop.ts';
import { addSpend, noSpend, tokensOf } from './spend.ts';

/** The state of a run is nothing but its events, folded. The first one must be `run.created`. */
export function foldRun(events: readonly Recorded[]): Run | null {
  let run: Run | null = null;
  for (const recorded of events) run = apply(run, recorded);
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
    refused: null,
    verified: null,
    landing: null,
    landed: null,
    landRefused: null,
  };
}

function newNode(spec: NodeSpec, emittedBy: string | null): RunNode {
  return {
    spec,
    state: { status: 'waiting', notBefore: 0, findings: [], message: null },
    attempts: [],
    counted: 0,
    uncounted: 0,
    excluded: [],
    emittedBy,
    emitted: null,
    carry: null,
    stop: null,
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
    case 'node.returned':
    case 'node.failed':
    case 'node.blocked':
    case 'node.stopped':
    case 'node.skipped':
      return changeNode(run, event.node, (node) => applyToNode(node, event, at));
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
          { node: event.node, findings: event.findings, judgement: event.judgement },
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
          findings: event.verdicts.flatMap((one) => one.findings).filter(isBlocking),
        },
      };
    case 'land.asked':
      return { ...run, landing: { how: event.how, target: event.target }, landRefused: null };
    case 'run.landed':
      return {
        ...run,
        landing: null,
        landRefused: null,
        landed: { how: event.how, target: event.target, commit: event.commit },
      };
    case 'land.refused':
      return { ...run, landing: null, landRefused: { code: event.code, message: event.message } };
    case 'run.finished':
      return {
        ...run,
        status: { status: 'finished', outcome: event.outcome, reason: event.reason, at },
        requests: [],
      };
    case 'run.resumed':
      return resumedRun(run, event.budget);
  }
}

/** What is there already stays as it is: a node that was added never takes the place of another one. */
function addNodes(run: Run, event: Extract<RunEvent, { type: 'nodes.added' }>): Run {
  const nodes = new Map(run.nodes);
  const added = event.nodes.filter((node) => !nodes.has(node.name));
  const emitter = nodes.get(event.by);
  if (emitter !== undefined) {
    nodes.set(event.by, {
      ...emitter,
      emitted: [...(emitter.emitted ?? []), ...added.map((node) => node.name)],
    });
  }
  for (const spec of added) nodes.set(spec.name, newNode(spec, event.by));
  return { ...run, nodes: new NodeMap([...nodes.values()]) };
}

function changeNode(run: Run, name: string, change: (node: RunNode) => RunNode): Run {
  const node = run.nodes.get(name);
  if (node === undefined) return run;
  return { ...run, nodes: run.nodes.with(change(node)) };
}
