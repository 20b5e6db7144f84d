import type { Limit } from './node.ts';
import type { Recorded, RunEvent } from './event.ts';
import type { Finding } from './gate.ts';
import { reusedText } from './reuse.ts';
import { countedFindings, cutLine, findingText } from './report-line.ts';
import { keyOf } from './routing.ts';
import { writtenUsd } from './spend.ts';
import { whySkipped } from './skipped.ts';

/** `kind` is the type of the event. `at`: ISO 8601. */
export type TrailEntry = {
  seq: number;
  at: string;
  kind: string;
  node: string | null;
  text: string;
  findings: string[];
};

/** `left`: decisions there was no room for. */
export type Trail = { entries: TrailEntry[]; left: number };

/** What was decided in a run and why, in order. Where there is too much, starts and reuses are left out first, then the middle. */
export function trailOf(events: Iterable<Recorded>): Trail {
  const all: TrailEntry[] = [];
  const questions = new Map<string, string>();
  for (const { seq, at, event } of events) {
    if (event.type === 'run.asked') questions.set(event.request.id, event.request.question);
    const said = sayingOf(event, questions);
    if (said === null) continue;
    const { node = null, text, findings = [] } = said;
    all.push({
      seq,
      at: new Date(at).toISOString(),
      kind: event.type,
      node,
      text: cutLine(text, 300),
      findings: findings.slice(0, mostFindings).map(findingText),
    });
  }
  return cutTrail(all);
}

const mostEntries = 400;
const mostFindings = 5;

function cutTrail(all: TrailEntry[]): Trail {
  if (all.length <= mostEntries) return { entries: all, left: 0 };
  const usual = ['attempt.started', 'node.reused'];
  const telling = all.filter(({ kind }) => !usual.includes(kind));
  const half = mostEntries / 2;
  const entries =
    telling.length <= mostEntries ? telling : [...telling.slice(0, half), ...telling.slice(-half)];
  return { entries, left: all.length - entries.length };
}

type Saying = { node?: string | null; text: string; findings?: readonly Finding[] };

function sayingOf(event: RunEvent, questions: ReadonlyMap<string, string>): Saying | null {
  switch (event.type) {
    case 'attempt.started': {
      const who = event.route === null ? 'a command' : keyOf(event.route);
      const why = event.reasons.length === 0 ? '' : `: ${event.reasons.join('; ')}`;
      return { node: event.node, text: `attempt ${event.attempt} by ${who}${why}` };
    }
    case 'node.reused':
      return { node: event.node, text: reusedText(event.from) };
    case 'node.returned': {
      const counts = event.counts ? '' : ', which does not count against its retries';
      const exclude = event.exclude === null ? '' : `; not by ${event.exclude} again`;
      return {
        node: event.node,
        text: `attempt ${event.attempt} was sent back (${event.cause})${counts}${exclude}: ${event.message}`,
        findings: event.findings,
      };
    }
    case 'node.told':
      return { node: event.node, text: `was told: ${event.text}` };
    case 'node.failed':
      return { node: event.node, text: `failed: ${event.message}`, findings: event.findings };
    case 'node.blocked':
      return { node: event.node, text: `blocked, because it needs ${event.by}` };
    case 'node.skipped':
      return { node: event.node, text: `skipped: ${whySkipped(event.by)}` };
    case 'node.stopped':
      return { node: event.node, text: 'stopped' };
    case 'nodes.added': {
      if (event.nodes.length === 0) return null;
      const names = event.nodes.map(({ name }) => name);
      const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
      return { node: event.by, text: `added ${names.slice(0, 10).join(', ')}${more}` };
    }
    case 'review.judged':
      return {
        node: event.node,
        text: `round ${event.cycle} of review: ${event.judgement}, ${countedFindings(event.findings.length)}`,
        findings: event.findings,
      };
    case 'run.asked':
      return {
        node: event.request.node,
        text: `asked (${event.request.kind}): ${event.request.question}`,
      };
    case 'run.answered': {
      const question = questions.get(event.id);
      const text = event.text === '' ? '' : `: ${event.text}`;
      return {
        text: `answered ${event.choice}${text}${question === undefined ? '' : ` (to: ${cutLine(question, 80)})`}`,
      };
    }
    case 'lane.closed':
      return {
        text: `${keyOf(event)} is closed until ${new Date(event.until).toISOString()}: ${event.reason}`,
      };
    case 'run.stopping':
      return {
        node: event.node,
        text: event.force ? 'a stop at once was asked for' : 'a stop was asked for',
      };
    case 'run.verified':
      return { text: `the integrated tree ${event.tree.slice(0, 10)} passed its gates` };
    case 'run.refused':
      return {
        text: `the integrated tree ${event.tree.slice(0, 10)} was refused by ${event.verdicts
          .filter(({ pass }) => !pass)
          .map(({ name }) => name)
          .join(', ')}`,
        findings: event.verdicts.flatMap(({ findings }) => findings),
      };
    case 'land.asked':
      return {
        text: `landing was asked for: ${event.how}${event.target === null ? '' : ` into ${event.target}`}`,
      };
    case 'run.landed':
      return {
        text: `landed: ${event.how}${event.commit === null ? '' : ` as ${event.commit.slice(0, 10)}`}${event.url === undefined ? '' : `, ${event.url}`}`,
      };
    case 'land.refused':
      return { text: `not landed: ${event.message}` };
    case 'node.admitted':
      return { node: event.node, text: 'its `when` is true' };
    case 'node.unblocked':
      return { node: event.node, text: 'nothing it needs stands in its way any more' };
    case 'nodes.invalidated': {
      const others = event.nodes.filter((name) => name !== event.target);
      const more = others.length > 10 ? ` and ${others.length - 10} more` : '';
      const along = others.length === 0 ? '' : `, with ${others.slice(0, 10).join(', ')}${more}`;
      return {
        node: event.target,
        text: `to be done again${along}, asked by ${event.by}: ${event.reason}`,
        findings: event.findings,
      };
    }
    case 'run.paused':
      return { text: `paused; workers ${event.workers}` };
    case 'run.resumed':
      return { text: `went on${budgetText(event.budget)}` };
    case 'run.finished':
      return { text: `${event.outcome}: ${event.reason}` };
    case 'run.created':
    case 'run.owned':
    case 'attempt.spawned':
    case 'attempt.adopted':
    case 'attempt.ended':
    case 'work.committed':
    case 'gate.judged':
    case 'node.verified':
    case 'node.landed':
    case 'land.started':
      return null;
  }
}

function budgetText({ usd, tokens }: Limit): string {
  const parts = [
    ...(usd === null ? [] : [`${writtenUsd(usd)} USD`]),
    ...(tokens === null ? [] : [`${tokens} tokens`]),
  ];
  return parts.length === 0 ? '' : ` under a budget of ${parts.join(' and ')}`;
}
