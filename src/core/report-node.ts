import { groupBy } from './group-by.ts';
import type { Origin } from './event.ts';
import type { NodeSpec } from './node.ts';
import { cutLine, findingText } from './report-line.ts';
import { originOf } from './reuse.ts';
import { keyOf } from './routing.ts';
import type { AttemptRecord, RunNode } from './run.ts';
import { shownState } from './shown-map.ts';
import { spendOf, writtenSpend, type Spend } from './spend.ts';
import { whySkipped } from './skipped.ts';
import type { RunView } from './view.ts';

/** `null` and empty lists: there is none. Times in ms. */
export type NodeReport = {
  name: string;
  kind: NodeSpec['kind'];
  role: string;
  task: string;
  needs: string[];
  emitted_by: string | null;
  state: string;
  landed: boolean;
  /** Whose work it is where none was done in this run. */
  reused_from: Origin | null;
  /** Why it failed, waits, was skipped or is blocked. */
  message: string | null;
  findings: string[];
  /** The route as the workflow fixes it, such as `claude:fast haiku`; null: it was left open. */
  declared: string | null;
  attempts: AttemptReport[];
  /** Earlier attempts that are left out here. */
  more_attempts: number;
  /** Attempts whose evidence was withdrawn by an invalidation: the first so many. */
  stale: number;
  ms: number;
  spend: Spend;
  files: string[];
  more_files: number;
  commit: string | null;
  receipt: string | null;
};

export type AttemptReport = {
  attempt: number;
  stale: boolean;
  /** null: a command. */
  route: string | null;
  /** The model that answered. */
  model: string | null;
  reasons: string[];
  /** null: no end was seen. */
  end: string | null;
  message: string | null;
  ms: number | null;
  spend: Spend | null;
  verdicts: { name: string; pass: boolean; evidence: string | null; findings: string[] }[];
};

/** Those that are told in full, in the order of the run, and what the rest is: `verified: 9,800`. */
export function nodeReports(
  nodes: readonly RunNode[],
  maps: RunView['maps'],
): {
  nodes: NodeReport[];
  rest: Record<string, number>;
} {
  const byWeight = nodes
    .map((node, place) => ({ node, place }))
    .toSorted((left, right) => weightOf(right.node) - weightOf(left.node));
  const told: { place: number; report: NodeReport }[] = [];
  let chars = 0;
  for (const { node, place } of byWeight) {
    const isTelling = nodes.length <= mostUsual || weightOf(node) > 0;
    if (!isTelling || told.length >= mostTold || chars > mostChars) continue;
    const report = nodeReport(node, maps);
    chars += JSON.stringify(report).length;
    told.push({ place, report });
  }
  const names = new Set(told.map(({ report }) => report.name));
  const rest = groupBy(
    nodes.filter(({ spec }) => !names.has(spec.name)),
    ({ state }) => state.status,
  );
  return {
    nodes: told.toSorted((left, right) => left.place - right.place).map(({ report }) => report),
    rest: Object.fromEntries([...rest].map(([state, all]) => [state, all.length])),
  };
}

const mostUsual = 100;
const mostTold = 200;
const mostChars = 300_000;
const mostAttempts = 4;
const mostVerdicts = 6;
const mostFindings = 3;
const mostFiles = 20;
const mostTexts = 5;

/** How much a reader of a large run wants to see this node; 0: it went as it should. */
function weightOf(node: RunNode): number {
  const { status } = node.state;
  if (status === 'failed') return 5;
  if (node.stale > 0) return 4;
  if (node.attempts.length > 1) return 3;
  if (node.spec.kind === 'gate' || node.emitted !== null) return 2;
  return status === 'verified' || status === 'blocked' || status === 'skipped' ? 0 : 1;
}

function nodeReport(node: RunNode, maps: RunView['maps']): NodeReport {
  const { spec, state } = node;
  const attempts = workedIn(node);
  const work = state.status === 'verified' ? state.work : null;
  const files = work?.files ?? [];
  const { stale } = node;
  return {
    name: spec.name,
    kind: spec.kind,
    role: spec.role,
    task: cutLine(spec.task, 400),
    needs: spec.needs.slice(0, mostFiles),
    emitted_by: node.emittedBy,
    state: shownState(maps, { name: spec.name, state: state.status }),
    landed: state.status === 'verified' && state.landed && files.length > 0,
    message: messageOf(node),
    reused_from: originOf(node),
    findings: ('findings' in state ? state.findings : []).slice(0, mostTexts).map(findingText),
    declared: declaredOf(spec),
    attempts: attempts.slice(-mostAttempts).map((one) => attemptReport(one, one.attempt <= stale)),
    more_attempts: Math.max(0, attempts.length - mostAttempts),
    stale,
    ms: attempts.reduce((sum, one) => sum + (msOf(one) ?? 0), 0),
    spend: writtenSpend(spendOf(attempts)),
    files: files.slice(0, mostFiles).map((file) => cutLine(file, 200)),
    more_files: Math.max(0, files.length - mostFiles),
    commit: files.length === 0 ? null : (work?.commit ?? null),
    receipt: state.status === 'verified' ? state.receipt : null,
  };
}

/** The attempts that were made, not taken over. */
export function workedIn({ attempts }: RunNode): readonly AttemptRecord[] {
  return attempts.filter(({ reused }) => reused === undefined);
}

function declaredOf({ provider, profile, model, effort }: NodeSpec): string | null {
  const who = provider === null ? null : keyOf({ provider, profile });
  const parts = [who, model, effort].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(' ');
}

function messageOf({ spec, state }: RunNode): string | null {
  switch (state.status) {
    case 'waiting':
    case 'failed':
      return state.message === null ? null : cutLine(state.message, 400);
    case 'blocked':
      return `it needs ${state.by}`;
    case 'skipped': {
      const asked = state.by === 'when' && spec.when !== null ? `: ${spec.when}` : '';
      return cutLine(`${whySkipped(state.by)}${asked}`, 400);
    }
    case 'running':
    case 'gating':
    case 'verified':
    case 'stopped':
      return null;
  }
}

function attemptReport(one: AttemptRecord, stale: boolean): AttemptReport {
  const { attempt, route, ending } = one;
  const model = route?.model ?? null;
  return {
    attempt,
    stale,
    route: route === null ? null : `${keyOf(route)}${model === null ? '' : ` ${model}`}`,
    model: ending?.model ?? null,
    reasons: one.reasons.slice(0, mostTexts).map((reason) => cutLine(reason, 200)),
    end: ending?.class ?? null,
    message: ending === null || ending.class === 'done' ? null : cutLine(ending.message, 300),
    ms: msOf(one),
    spend: ending === null ? null : writtenSpend(ending.spend),
    verdicts: one.verdicts.slice(-mostVerdicts).map(({ name, pass, evidence, findings }) => ({
      name: cutLine(name, 120),
      pass,
      evidence,
      findings: pass ? [] : findings.slice(0, mostFindings).map(findingText),
    })),
  };
}

function msOf({ startedAt, endedAt }: AttemptRecord): number | null {
  return endedAt === null ? null : Math.max(0, endedAt - startedAt);
}
