import { judgeConvergence } from '../core/convergence.ts';
import { escalationId, escalationOf, roundOf } from '../core/requests.ts';
import type { Judgement, Request, RunEvent } from '../core/event.ts';
import type { Finding } from '../core/gate.ts';
import { findingsOf } from '../core/handoff.ts';
import type { NodeSpec } from '../core/node.ts';
import type { Cycle, Run } from '../core/run.ts';
import { writeWhole } from '../platform/files.ts';
import { fixNodes } from '../workflow/fix-nodes.ts';
import type { Engine } from './engine.ts';
import type { Recorder } from './recorder.ts';

/**
 * One round of review: accept, add the nodes that mend what blocks, or ask a person because another round is not worth it. `name` is a
 * review node, or `verify` for the run's own gates on the integrated tree.
 */
export async function performReview(
  engine: Engine,
  recorder: Recorder,
  name: string,
): Promise<void> {
  const run = recorder.run();
  const judged = run.cycles.find((cycle) => cycle.node === name && !cycle.stale);
  const isJudged = judged !== undefined && name !== 'verify';
  const answer = run.answers.get(escalationId(run, name));
  if (answer !== undefined) {
    recorder.record(eventsOfAnswer(run, name, answer));
    return;
  }
  const findings = isJudged ? judged.findings : foundBy(run, name);
  const live = run.cycles.filter((cycle) => !cycle.stale).map((cycle) => cycle.findings);
  const rounds = [...live, ...(isJudged ? [] : [findings])];
  const judgement = isJudged ? judged.judgement : judgeConvergence(rounds, run.spec.maxCycles);
  const cycle = run.cycles.length + (isJudged ? 0 : 1);
  const events: RunEvent[] = isJudged
    ? []
    : [{ type: 'review.judged', node: name, cycle, findings: [...findings], judgement }];
  events.push(...eventsOf(run, { node: name, findings, judgement, stale: false }, cycle));
  if (events.some((event) => event.type === 'run.asked'))
    await writeEscalation(engine, run, { node: name, findings, judgement, stale: false });
  // What was judged may have become history in the meantime.
  if (recorder.run().nodes.get(name) !== run.nodes.get(name)) return;
  recorder.record(events);
}

function foundBy(run: Run, name: string): readonly Finding[] {
  if (name === 'verify') return refusedFor(run);
  const state = run.nodes.get(name)?.state;
  return state?.status === 'verified' && state.handoff !== null ? findingsOf(state.handoff) : [];
}

/** A gate that failed without a word failed all the same. */
function refusedFor({ refused }: Run): readonly Finding[] {
  if (refused !== null && refused.findings.length > 0) return refused.findings;
  const title = 'The integrated tree does not pass the gates of the run';
  return [{ severity: 'major', title, file: null, line: null, evidence: 'no finding was given' }];
}

function eventsOf(run: Run, { node, findings, judgement }: Cycle, cycle: number): RunEvent[] {
  switch (judgement) {
    case 'accept':
      return [{ type: 'nodes.added', by: node, nodes: [], cycle }];
    case 'fix':
      return [{ type: 'nodes.added', by: node, nodes: fixesFor(run, findings, cycle), cycle }];
    case 'plateau':
    case 'regression':
    case 'deterioration':
    case 'exhausted':
      return [{ type: 'run.asked', request: escalation(node, judgement, cycle) }];
  }
}

function eventsOfAnswer(
  run: Run,
  name: string,
  answer: { choice: string; text: string },
): RunEvent[] {
  const cycle = roundOf(run, name);
  if (answer.choice === 'accept') return [{ type: 'nodes.added', by: name, nodes: [], cycle }];
  if (answer.choice === 'continue') {
    const guidance: Finding[] =
      answer.text === ''
        ? []
        : [
            {
              severity: 'major',
              title: answer.text,
              file: null,
              line: null,
              evidence: 'said by the person who was asked',
            },
          ];
    const findings = [...(run.cycles[cycle - 1]?.findings ?? []), ...guidance];
    return [{ type: 'nodes.added', by: name, nodes: fixesFor(run, findings, cycle), cycle }];
  }
  return endAll(run, name, `stopped by a person after ${cycle} rounds of review`);
}

/** Nodes that are at work beside the review end as by a stop, so that the run ends when they are gone and not before. */
function endAll(run: Run, reviewer: string, message: string): RunEvent[] {
  const others = [...run.nodes].filter(
    ([name, { state }]) =>
      name !== reviewer && ['waiting', 'running', 'gating'].includes(state.status),
  );
  return [
    { type: 'node.failed', node: reviewer, message, findings: [] },
    ...others.map(([node]): RunEvent => ({ type: 'run.stopping', node, force: false })),
  ];
}

function fixesFor(run: Run, findings: readonly Finding[], cycle: number): NodeSpec[] {
  const reviewer =
    [...run.nodes.values()].findLast((node) => node.spec.emit === 'review')?.spec ?? null;
  return fixNodes({
    findings,
    cycle,
    defaults: run.spec.defaults,
    reviewer,
    gates: run.spec.gates,
    taken: new Set(run.nodes.keys()),
  });
}

function escalation(node: string, judgement: Judgement, cycle: number): Request {
  return {
    id: escalationOf(node, cycle),
    kind: 'escalation',
    node,
    question: `Another round is not worth it by itself: ${reasonOf(judgement)}. Go on all the same, take it as it is, or stop?`,
    // A tree that fails the run's own gates is never taken as it is.
    choices: node === 'verify' ? ['continue', 'stop'] : ['continue', 'accept', 'stop'],
  };
}

function reasonOf(judgement: Judgement): string {
  switch (judgement) {
    case 'plateau':
      return 'the same findings block again, or there are no fewer than before';
    case 'regression':
      return 'a finding that was mended is back';
    case 'deterioration':
      return 'the findings weigh more than in the round before';
    case 'exhausted':
      return 'the allowed number of rounds is used up';
    case 'accept':
    case 'fix':
      return judgement;
  }
}

/** `escalation.md`: what a person has to know to decide. */
async function writeEscalation(engine: Engine, run: Run, cycle: Cycle): Promise<void> {
  const { runId, goal } = run.spec;
  const rounds = [...run.cycles, cycle];
  const text = [
    `# ${runId} needs a decision`,
    '',
    goal,
    '',
    `After ${rounds.length} rounds of review: **${cycle.judgement}** (${reasonOf(cycle.judgement)}).`,
    '',
    ...rounds.flatMap((round, index) => [
      `## Round ${index + 1} (${round.node}): ${round.judgement}`,
      '',
      ...round.findings.map(findingText),
      '',
    ]),
    '## What you can answer',
    '',
    '```sh',
    `mo resume ${runId} --answer continue          # one more round; say more with --text`,
    ...(cycle.node === 'verify'
      ? []
      : [`mo resume ${runId} --answer accept            # take it as it is`]),
    `mo resume ${runId} --answer stop              # end the run; what is finished is kept on its branch`,
    '```',
    '',
  ];
  await writeWhole(engine.paths.escalation(runId), text.join('\n'));
}

function findingText(one: Finding): string {
  const place =
    one.file === null ? '' : ` \`${one.file}${one.line === null ? '' : `:${one.line}`}\``;
  return `- ${one.severity}${place}: ${one.title}`;
}
