import { keyOf } from './routing.ts';
import { tokensOf, type Spend } from './spend.ts';
import type { Finding, Verdict } from './gate.ts';
import type { AttemptRecord, NodeState, Run, RunNode } from './run.ts';

/** `report.md`: what was asked, what came of it, who did what at what cost, and how to look closer. */
export function renderReport(run: Run, branch: string | null): string {
  return [
    `# ${run.spec.runId}: ${oneLine(run.spec.goal, 120)}`,
    '',
    ...summaryLines(run, branch),
    '',
    '## Nodes',
    '',
    ...nodeTable(run),
    '',
    ...[...run.nodes.values()].flatMap((node) => nodeSection(node)),
    ...invalidationSection(run),
    ...reviewSection(run),
    ...reproduceSection(run, branch),
  ].join('\n');
}

function summaryLines(run: Run, branch: string | null): string[] {
  const { status } = run;
  const lines = [`- **Result:** ${resultText(run)}`];
  if (run.spec.goal.length > 120) lines.push(`- **Goal:** ${oneLine(run.spec.goal, 2_000)}`);
  if (branch !== null && run.head !== null && run.head.commit !== run.spec.base) {
    lines.push(
      `- **Branch:** \`${branch}\` at \`${run.head.commit.slice(0, 10)}\`, started from \`${run.spec.base?.slice(0, 10)}\``,
    );
  }
  if (run.landed !== null) lines.push(`- **Landed:** ${landedText(run.landed)}`);
  if (run.landRefused !== null) lines.push(`- **Not landed:** ${run.landRefused.message}`);
  if (run.verified !== null) {
    const gates =
      run.spec.gates.map((gate) => `\`${gate}\``).join(', ') || 'no commands were given';
    lines.push(`- **Integrated tree:** \`${run.verified.tree.slice(0, 10)}\` passed ${gates}`);
  }
  const end = status.status === 'finished' ? status.at : null;
  if (end !== null)
    lines.push(
      `- **Time:** ${duration(end - run.createdAt)}, from ${new Date(run.createdAt).toISOString()}`,
    );
  lines.push(`- **Spend:** ${spendText(run.settled)}`);
  return lines;
}

function resultText({ status, paused }: Run): string {
  if (status.status !== 'finished') return paused === null ? status.status : 'paused';
  const was = `${status.outcome}: ${status.reason}`;
  return status.rerun ? `needs_rerun; it was ${was}` : was;
}

function landedText(landed: NonNullable<Run['landed']>): string {
  switch (landed.how) {
    case 'branch':
      return 'left on its branch';
    case 'discard':
      return 'discarded';
    case 'merge':
      return `merged into \`${landed.target ?? 'the checkout'}\` as \`${landed.commit?.slice(0, 10) ?? ''}\``;
  }
}

function nodeTable(run: Run): string[] {
  const rows = [...run.nodes.values()].map((node) => {
    const last = node.attempts.at(-1);
    return `| ${node.spec.name} | ${node.spec.role} | ${stateText(node.state)} | ${node.attempts.length} | ${routeText(last)} | ${timeText(node)} | ${nodeSpend(node)} |`;
  });
  return [
    '| node | role | state | attempts | route | time | spend |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ];
}

function nodeSection(node: RunNode): string[] {
  const { spec, state } = node;
  const lines = [`### ${spec.name}`, '', `> ${oneLine(spec.task, 400)}`, ''];
  if (spec.needs.length > 0)
    lines.push(`Needs ${spec.needs.map((need) => `\`${need}\``).join(', ')}.`, '');
  if (node.emittedBy !== null) lines.push(`Added by \`${node.emittedBy}\`.`, '');
  for (const attempt of node.attempts) lines.push(...attemptLines(attempt, node.stale));
  if (state.status === 'skipped') lines.push(`- skipped by \`${state.by}\``);
  const work = state.status === 'verified' ? state.work : null;
  if (work !== null && work.files.length > 0) {
    lines.push(
      `- files: ${listed(
        work.files.map((file) => `\`${file}\``),
        20,
      )} (commit \`${work.commit.slice(0, 10)}\`)`,
    );
  }
  if (state.status === 'verified') lines.push(`- receipt: \`${state.receipt}\``);
  if (state.status === 'failed')
    lines.push(`- **failed:** ${state.message}`, ...findingLines(state.findings));
  if (state.status === 'blocked') lines.push(`- blocked by \`${state.by}\``);
  lines.push('');
  return lines;
}

function attemptLines(attempt: AttemptRecord, stale: number): string[] {
  const end = attempt.ending;
  const model = end?.model === undefined || end.model === null ? '' : `, answered by ${end.model}`;
  const time =
    attempt.endedAt === null ? '' : ` in ${duration(attempt.endedAt - attempt.startedAt)}`;
  const why = attempt.reasons.length > 0 ? ` (${attempt.reasons.join('; ')})` : '';
  const lines = [
    `- attempt ${attempt.attempt}${attempt.attempt <= stale ? ' (stale)' : ''}: ${routeText(attempt)}${why}${model}: ${end === null ? 'no end seen' : end.class}${time}${end === null ? '' : `, ${spendText(end.spend)}`}`,
  ];
  if (end !== null && end.class !== 'done') lines.push(`  - ${oneLine(end.message, 300)}`);
  for (const verdict of attempt.verdicts) lines.push(`  - ${verdictText(verdict)}`);
  return lines;
}

function verdictText(verdict: Verdict): string {
  const evidence = verdict.evidence === null ? '' : ` (evidence: \`${verdict.evidence}\`)`;
  const titles = verdict.pass
    ? ''
    : `: ${listed(
        verdict.findings.map((one) => one.title),
        5,
      )}`;
  return `${verdict.pass ? 'pass' : '**fail**'} ${verdict.name}${titles}${evidence}`;
}

function reviewSection(run: Run): string[] {
  if (run.cycles.length === 0) return [];
  const lines = ['## Review', ''];
  run.cycles.forEach((cycle, index) => {
    lines.push(
      `- round ${index + 1} (\`${cycle.node}\`): **${cycle.judgement}**, ${cycle.findings.length} findings`,
    );
    lines.push(...findingLines(cycle.findings));
  });
  return [...lines, ''];
}

/** What was taken back, by whom and why; receipts of stale attempts are in `receipts/stale/`. */
function invalidationSection(run: Run): string[] {
  if (run.invalidations.length === 0) return [];
  const lines = run.invalidations.map(
    ({ by, target, nodes, dropped, reason, at }) =>
      `- ${new Date(at).toISOString()}: \`${target}\` by \`${by}\`: ${oneLine(reason, 300)} (${listed(
        [...nodes, ...dropped].map((name) => `\`${name}\``),
        20,
      )})`,
  );
  return ['## Done again', '', ...lines, ''];
}

function findingLines(findings: readonly Finding[]): string[] {
  return findings.slice(0, 20).map((one) => {
    const place =
      one.file === null ? '' : ` \`${one.file}${one.line === null ? '' : `:${one.line}`}\``;
    return `  - ${one.severity}${place}: ${oneLine(one.title, 200)}`;
  });
}

function reproduceSection(run: Run, branch: string | null): string[] {
  const lines = [
    '## Look closer',
    '',
    '```sh',
    `mo output ${run.spec.runId} --node <node> --part log`,
  ];
  if (branch !== null && run.spec.base !== null)
    lines.push(`git log --stat ${run.spec.base.slice(0, 10)}..${branch}`);
  for (const gate of run.spec.gates) lines.push(gate);
  return [...lines, '```', ''];
}

function routeText(attempt: AttemptRecord | undefined): string {
  if (attempt === undefined) return '–';
  if (attempt.route === null) return 'command';
  const model = attempt.route.model ?? attempt.ending?.model ?? null;
  return `${keyOf(attempt.route)}${model === null ? '' : ` ${model}`}`;
}

function stateText(state: NodeState): string {
  if (state.status !== 'verified') return state.status;
  return state.work !== null && state.work.files.length > 0 && state.landed
    ? 'verified, landed'
    : 'verified';
}

function timeText(node: RunNode): string {
  const ms = node.attempts.reduce(
    (sum, one) => sum + ((one.endedAt ?? one.startedAt) - one.startedAt),
    0,
  );
  return node.attempts.length === 0 ? '–' : duration(ms);
}

function nodeSpend(node: RunNode): string {
  const usd = node.attempts.reduce((sum, one) => sum + (one.ending?.spend.usd ?? 0), 0);
  const tokens = node.attempts.reduce(
    (sum, one) => sum + (one.ending === null ? 0 : tokensOf(one.ending.spend)),
    0,
  );
  return tokens === 0 && usd === 0 ? '–' : `$${usd.toFixed(2)}, ${tokens} tokens`;
}

export function spendText(spend: Spend): string {
  const money = spend.usd === null ? 'no money reported' : `$${spend.usd.toFixed(2)}`;
  return `${money}, ${tokensOf(spend)} tokens`;
}

/** `850ms`, `12.3s`, `4m10s`, `1h02m`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${String(Math.floor(seconds % 60)).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}

function listed(texts: readonly string[], most: number): string {
  const shown = texts.slice(0, most).join(', ');
  return texts.length > most ? `${shown} and ${texts.length - most} more` : shown;
}

function oneLine(text: string, most: number): string {
  const flat = text.replaceAll(/\s+/g, ' ').trim();
  return flat.length > most ? `${flat.slice(0, most)}…` : flat;
}
