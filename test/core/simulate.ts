import { apply } from '../../src/core/apply.ts';
import { decide } from '../../src/core/decide.ts';
import { keyOfAction, type Action, type Snapshot } from '../../src/core/action.ts';
import { judgeConvergence } from '../../src/core/convergence.ts';
import { leftFor } from '../../src/core/apply-node.ts';
import { eventsOfControl, type Control } from '../../src/core/control.ts';
import { afterRefusal } from '../../src/core/invalidate.ts';
import { escalationId, escalationOf } from '../../src/core/requests.ts';
import { afterEnding, afterFindings } from '../../src/core/retry.ts';
import { isResumable } from '../../src/core/resume.ts';
import { isReady } from '../../src/core/needs.ts';
import { mayBeReused } from '../../src/core/reuse.ts';
import type { RunEvent, RunSpec } from '../../src/core/event.ts';
import type { Finding } from '../../src/core/gate.ts';
import type { Lane, Worker } from '../../src/core/routing.ts';
import type { Run } from '../../src/core/run.ts';
import type { EndClass, Ending } from '../../src/core/worker.ts';
import { aNode, aWriter } from './build.ts';

/** A stream of choices that decides everything that is left to chance: which work ends next, how, and when the owner dies. */
export type Chance = {
  pick: (count: number) => number;
  usd: () => number;
  /** How often a person meddles: retries, skips, pauses, resumes. */
  meddling: number;
};

export type Simulated = {
  run: Run;
  /** `before`: the state the event came to. */
  events: { at: number; event: RunEvent; before: Run | null }[];
  steps: number;
  crashes: number;
};

const blocking: Finding = {
  severity: 'major',
  title: 'wrong',
  file: null,
  line: null,
  evidence: '',
};
const classes: EndClass[] = [
  'done',
  'done',
  'done',
  'done',
  'done',
  'done',
  'done',
  'done',
  'done',
  'done',
  'done',
  'done',
  'crashed',
  'timeout',
  'transient',
  'quota',
  'incomplete',
  'refused',
  'lost',
  'budget',
];

/**
 * A whole run without a process, a file or a clock: the shell's part is played by chance. `check` sees every state with what is under
 * way. A crash forgets what the shell was doing and keeps the events, as a killed owner would.
 */
export function simulate(
  spec: RunSpec,
  workers: readonly Worker[],
  chance: Chance,
  check: (snapshot: Snapshot, now: number) => void,
): Simulated {
  let now = 1_000;
  let seq = 0;
  let crashes = 0;
  let resumes = chance.pick(3);
  let meddled = 0;
  const events: Simulated['events'] = [];
  const lanes: Lane[] = [];
  let busy = new Map<string, Action>();
  const state: { run: Run | null } = { run: null };
  const record = (event: RunEvent): void => {
    seq += 1;
    events.push({ at: now, event, before: state.run });
    state.run = apply(state.run, { runId: spec.runId, seq, at: now, epoch: 1, event });
  };
  record({ type: 'run.created', spec });
  for (let step = 1; step < 20_000; step += 1) {
    const { run } = state;
    if (run === null) throw new Error('no run');
    const snapshot: Snapshot = {
      run,
      busy: new Set(busy.keys()),
      lanes,
      workers,
      day: null,
    };
    check(snapshot, now);
    const actions = decide(snapshot, now);
    if (isExhausted(run) && resumes > 0) {
      resumes -= 1;
      const { usd } = run.spec.budget;
      const more = usd === null ? null : usd + 0.1 + chance.usd();
      record({ type: 'run.resumed', budget: { usd: more, tokens: null } });
      continue;
    }
    const isQuiet = busy.size === 0 && (isFinished(run) || run.paused !== null);
    const isGating = [...busy.keys()].some((key) => key.startsWith('gate:'));
    if (meddled < chance.meddling && (isQuiet || chance.pick(isGating ? 4 : 12) === 0)) {
      meddled += 1;
      const asked = eventsOfControl(run, anyControl(run, chance));
      if (Array.isArray(asked) && asked.length > 0 && !isBetweenTwo(asked, busy)) {
        for (const event of asked) record(event);
        continue;
      }
    }
    // In the end somebody goes on with what waits for that.
    if (isQuiet && isResumable(run)) {
      if (isExhausted(run)) return { run, events, steps: step, crashes };
      record({ type: 'run.resumed', budget: run.spec.budget });
      continue;
    }
    if (isFinished(run) && actions.length === 0) return { run, events, steps: step, crashes };
    const records = actions.flatMap((action) => (action.do === 'record' ? [action.event] : []));
    for (const event of records) record(event);
    for (const action of actions) {
      const key = keyOfAction(action);
      if (action.do === 'record' || action.do === 'wait' || busy.has(key)) continue;
      busy.set(key, action);
      if (action.do !== 'start' || isToBeReused(run, action, chance)) continue;
      record({
        type: 'attempt.started',
        node: action.node,
        attempt: action.attempt,
        route: action.route,
        reasons: [],
        base: 'base',
        reserved: action.reserved,
        slot: action.slot,
      });
    }
    if (records.length > 0) continue;
    now += 1 + chance.pick(500);
    if (crashes < 3 && chance.pick(40) === 0) {
      crashes += 1;
      // The workers of a dead owner go on; everything else the shell was doing is done again.
      busy = new Map([...busy].filter(([, action]) => isStarted(state.run ?? run, action)));
      continue;
    }
    const pending = [...busy.entries()];
    const request = run.requests[0];
    if (pending.length === 0 && request !== undefined) {
      record({
        type: 'run.answered',
        id: request.id,
        choice: request.choices[chance.pick(request.choices.length)] ?? 'no',
        text: '',
      });
      continue;
    }
    if (pending.length === 0 && run.paused !== null) continue;
    if (pending.length === 0) {
      const wait = actions.find((action) => action.do === 'wait');
      if (wait?.do !== 'wait')
        throw new Error(
          `stuck: ${JSON.stringify([...run.nodes.values()].map((node) => [node.spec.name, node.state.status]))}`,
        );
      now = Math.max(now, wait.until);
      continue;
    }
    const [key, action] = pending[chance.pick(pending.length)] ?? ['', undefined];
    if (action === undefined) continue;
    busy.delete(key);
    const came = consequences(state.run ?? run, action, chance, now, lanes);
    if (isBetweenTwo(came, busy)) {
      busy.set(key, action);
      continue;
    }
    for (const event of came) record(event);
    if (action.do === 'stop') busy.delete(`start:${action.node}`);
  }
  throw new Error('the run did not end');
}

function anyControl(run: Run, chance: Chance): Control {
  const names = [...run.nodes.keys()];
  const node = names[chance.pick(names.length)] ?? '';
  switch (chance.pick(10)) {
    case 0:
      return { kind: 'pause', workers: 'finish' };
    case 1:
      return { kind: 'pause', workers: 'stop' };
    case 2:
    case 3:
      return { kind: 'resume', budget: null };
    case 4:
      return { kind: 'skip', node };
    case 5:
    case 6:
      return { kind: 'tell', node, text: 'mind the gap' };
    default:
      return { kind: 'retry', node, text: '' };
  }
}

/** As the engine does: what is between two states of the branch is not taken back. */
function isBetweenTwo(events: readonly RunEvent[], busy: ReadonlyMap<string, Action>): boolean {
  return (
    events.some((event) => event.type === 'nodes.invalidated') &&
    [...busy.values()].some(({ do: work }) => ['land', 'verify', 'deliver'].includes(work))
  );
}

/** Over for want of budget, and not because something is to be done again. */
function isExhausted({ status }: Run): boolean {
  return status.status === 'finished' && status.outcome === 'exhausted' && !status.rerun;
}

function isFinished(run: Run): boolean {
  return run.status.status === 'finished';
}

function consequences(
  run: Run,
  action: Action,
  chance: Chance,
  now: number,
  lanes: Lane[],
): RunEvent[] {
  switch (action.do) {
    case 'record':
    case 'wait':
      return [];
    case 'start':
      return isStarted(run, action)
        ? endAttempt(run, action, chance, now, lanes)
        : takeOver(run, action);
    case 'stop': {
      const node = run.nodes.get(action.node);
      if (node?.state.status !== 'running') return [];
      const { attempt } = node.state;
      const end = { attempt, ending: ending('stopped', null) };
      const ended: RunEvent = { type: 'attempt.ended', node: action.node, ...end, handoff: null };
      return leftFor(node, end) === null
        ? [ended, { type: 'node.stopped', node: action.node }]
        : [ended];
    }
    case 'weigh':
      return weighNode(run, action.node, chance);
    case 'gate':
      return gateNode(run, action.node, chance, now);
    case 'land':
      return landNode(run, action.node, chance, now);
    case 'expand': {
      const isFirst = run.nodes.get(action.node)?.emittedBy === null;
      const nodes = Array.from({ length: 1 + chance.pick(3) }, (_, index) =>
        isFirst && chance.pick(4) === 0
          ? aNode(`${action.node}-p${index}`, { role: 'planner', emit: 'nodes' })
          : aWriter(`${action.node}-w${index}`),
      );
      return [{ type: 'nodes.added', by: action.node, nodes, cycle: null }];
    }
    case 'unfold':
      return unfoldMap(run, action.node, chance);
    case 'review':
      return judgeReview(run, action.node, chance);
    case 'verify': {
      const head = run.head?.commit ?? '';
      const tree = run.head?.tree ?? '';
      if (chance.pick(4) > 0)
        return [{ type: 'run.verified', commit: head, tree, verdicts: [], receipt: 'r' }];
      const verdict = {
        gate: 'command' as const,
        name: 'npm test',
        pass: false,
        findings: [blocking],
        evidence: null,
        durationMs: 1,
      };
      return [{ type: 'run.refused', commit: head, tree, verdicts: [verdict] }];
    }
    case 'deliver':
      if (chance.pick(4) === 0)
        return [{ type: 'land.refused', code: 'dirty-checkout', message: 'dirty' }];
      return [
        {
          type: 'run.landed',
          how: action.how,
          target: action.target,
          commit: run.head?.commit ?? null,
        },
      ];
  }
}

/** Items that write, one scope each, or that read. */
function unfoldMap(run: Run, name: string, chance: Chance): RunEvent[] {
  const map = run.nodes.get(name);
  if (map === undefined || !isReady(run, map)) return [];
  const make = chance.pick(2) === 0 ? aNode : aWriter;
  const nodes = Array.from({ length: chance.pick(6) }, (_, index) =>
    make(`${name}-${index + 1}`, { needs: map.spec.needs, itemOf: name }),
  );
  const attempt = map.stale + 1;
  return [
    { type: 'node.verified', node: name, attempt, receipt: 'r', handoff: {} },
    { type: 'nodes.added', by: name, nodes, cycle: null },
  ];
}

function weighNode(run: Run, name: string, chance: Chance): RunEvent[] {
  if (run.nodes.get(name)?.state.status !== 'waiting') return [];
  const came = chance.pick(6);
  if (came === 0)
    return [{ type: 'node.failed', node: name, message: 'cannot be weighed', findings: [] }];
  return came < 3
    ? [{ type: 'node.skipped', node: name, by: 'when' }]
    : [{ type: 'node.admitted', node: name }];
}

/** Looking for what another run has proved takes time as well, and the run may have changed when it was found. */
function isToBeReused(run: Run, { node: name }: Start, chance: Chance): boolean {
  const node = run.nodes.get(name);
  return (
    run.spec.reuse === 'yes' && node !== undefined && mayBeReused(run, node) && chance.pick(3) === 0
  );
}

function isStarted(run: Run, action: Action): boolean {
  if (action.do !== 'start') return false;
  return (run.nodes.get(action.node)?.attempts.length ?? 0) >= action.attempt;
}

function takeOver(run: Run, { node: name, attempt, route }: Start): RunEvent[] {
  const node = run.nodes.get(name);
  if (run.paused !== null || run.status.status !== 'running') return [];
  if (node === undefined || !isReady(run, node) || !mayBeReused(run, node)) return [];
  const files = node.spec.write ? [name] : [];
  const work = { base: 'base', commit: `c-${name}`, tree: `t-${name}`, files };
  const from = { run: 'r-0', node: name, attempt: 1 };
  const proof = { receipt: 'r', handoff: {}, work, route, key: 'k', from };
  return [{ type: 'node.reused', node: name, attempt, ...proof }];
}

type Start = Extract<Action, { do: 'start' }>;

function endAttempt(
  run: Run,
  action: Extract<Action, { do: 'start' }>,
  chance: Chance,
  now: number,
  lanes: Lane[],
): RunEvent[] {
  const node = run.nodes.get(action.node);
  if (node?.state.status !== 'running') return [];
  const endClass = classes[chance.pick(classes.length)] ?? 'done';
  const usd = action.route === null ? 0 : Math.min(chance.usd(), action.reserved.usd ?? 3);
  const end = ending(endClass, usd);
  const ended: RunEvent = {
    type: 'attempt.ended',
    node: action.node,
    attempt: action.attempt,
    ending: end,
    handoff: {},
  };
  if (endClass === 'done' || leftFor(node, { attempt: action.attempt, ending: end }) !== null)
    return [ended];
  const next = afterEnding(
    node,
    { class: endClass, message: endClass, resetsAt: now + 1_000 },
    run.spec.settings,
    now,
  );
  if (endClass === 'quota' && action.route !== null) {
    lanes.push({
      provider: action.route.provider,
      profile: action.route.profile,
      closedUntil: now + 1_000,
      reason: 'quota',
    });
  }
  if (!next.again)
    return [ended, { type: 'node.failed', node: action.node, message: next.message, findings: [] }];
  return [ended, returned(action.node, action.attempt, 'ending', next)];
}

function gateNode(run: Run, name: string, chance: Chance, now: number): RunEvent[] {
  const node = run.nodes.get(name);
  if (node === undefined) return [];
  if (node.spec.kind === 'approval' || node.spec.kind === 'gate') {
    if (node.state.status !== 'waiting') return [];
    if (node.spec.kind === 'gate' && chance.pick(2) === 0)
      return [afterRefusal(run, node, [blocking])];
    const attempt = node.stale + 1;
    return [{ type: 'node.verified', node: name, attempt, receipt: 'r', handoff: null }];
  }
  // Whoever was gating an attempt that has become history in the meantime comes too late with its word.
  if (node.state.status !== 'gating')
    return [
      { type: 'node.verified', node: name, attempt: node.stale, receipt: 'r', handoff: null },
    ];
  const { attempt } = node.state;
  const committed: RunEvent[] = node.spec.write
    ? [
        {
          type: 'work.committed',
          node: name,
          attempt,
          work: { base: 'base', commit: `c-${name}`, tree: `t-${name}`, files: [name] },
        },
      ]
    : [];
  if (chance.pick(4) > 0)
    return [
      ...committed,
      { type: 'node.verified', node: name, attempt, receipt: 'r', handoff: {} },
    ];
  const next = afterFindings(node, 'gate', [blocking], now);
  if (!next.again)
    return [
      ...committed,
      { type: 'node.failed', node: name, message: next.message, findings: [blocking] },
    ];
  return [...committed, returned(name, attempt, 'gate', next)];
}

function landNode(run: Run, name: string, chance: Chance, now: number): RunEvent[] {
  const node = run.nodes.get(name);
  if (node?.state.status !== 'verified') return [];
  if (chance.pick(5) > 0)
    return [{ type: 'node.landed', node: name, head: `h-${name}-${now}`, tree: `ht-${now}` }];
  const next = afterFindings(node, 'conflict', [blocking], now);
  if (!next.again)
    return [{ type: 'node.failed', node: name, message: next.message, findings: [] }];
  return [returned(name, node.state.attempt, 'conflict', next)];
}

function judgeReview(run: Run, name: string, chance: Chance): RunEvent[] {
  const answer = run.answers.get(escalationId(run, name));
  if (answer !== undefined && name !== 'verify') {
    if (answer.choice === 'stop')
      return [{ type: 'node.failed', node: name, message: 'stopped', findings: [] }];
    if (answer.choice === 'accept')
      return [{ type: 'nodes.added', by: name, nodes: [], cycle: run.cycles.length }];
  }
  const count = chance.pick(3);
  const findings = Array.from(
    { length: name === 'verify' ? Math.max(count, 1) : count },
    (_, index) => ({
      ...blocking,
      title: `wrong ${'abcdefgh'[chance.pick(8)]}${'xyz'[index]}`,
    }),
  );
  const cycle = run.cycles.length + 1;
  const judgement = judgeConvergence(
    [...run.cycles.filter((one) => !one.stale).map((one) => one.findings), findings],
    run.spec.maxCycles,
  );
  const judged: RunEvent = { type: 'review.judged', node: name, cycle, findings, judgement };
  if (judgement === 'accept') return [judged, { type: 'nodes.added', by: name, nodes: [], cycle }];
  if (judgement === 'fix') {
    const fix = aWriter(`fix-${cycle}`);
    const review = aNode(`review-${cycle + 1}`, {
      role: 'review',
      needs: [fix.name],
      emit: 'review',
    });
    return [judged, { type: 'nodes.added', by: name, nodes: [fix, review], cycle }];
  }
  const request = {
    id: escalationOf(name, cycle),
    kind: 'escalation' as const,
    node: name,
    question: judgement,
    choices: name === 'verify' ? ['stop'] : ['accept', 'stop'],
  };
  return [judged, { type: 'run.asked', request }];
}

function returned(
  node: string,
  attempt: number,
  cause: 'ending' | 'gate' | 'conflict',
  next: { notBefore: number; counts: boolean },
): RunEvent {
  return {
    type: 'node.returned',
    node,
    attempt,
    cause,
    message: cause,
    findings: [],
    notBefore: next.notBefore,
    counts: next.counts,
    exclude: null,
    carry: null,
  };
}

function ending(endClass: EndClass, usd: number | null): Ending {
  return {
    class: endClass,
    message: endClass,
    exitCode: 0,
    signal: null,
    session: null,
    model: null,
    spend: { usd, input: 1, cached: 0, output: 1 },
    resetsAt: null,
  };
}
