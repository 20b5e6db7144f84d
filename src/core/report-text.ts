import type { Report } from './report.ts';
import { progressText } from './progress.ts';
import type { AttemptReport, NodeReport } from './report-node.ts';
import { countedFindings, cutLine } from './report-line.ts';
import { reusedText } from './reuse.ts';
import { tokensOf, type Spend } from './spend.ts';

/** `report.md`: one screen of what came of the run, then the details. */
export function renderReport(report: Report): string {
  return [
    `# ${report.run}: ${cutLine(report.goal, 120)}`,
    '',
    ...summaryLines(report),
    '',
    ...graphSection(report),
    ...nodeTable(report),
    ...trailSection(report),
    ...reviewSection(report),
    '## Node by node',
    '',
    ...report.nodes.flatMap(nodeSection),
    ...reproduceSection(report),
    ...mermaidSection(report),
  ].join('\n');
}

function summaryLines(report: Report): string[] {
  const { branch, head, base, landed, verified, ms } = report;
  const lines = [
    `- **Result:** ${report.result}${report.reason === null ? '' : `: ${report.reason}`}`,
  ];
  if (report.goal.length > 120) lines.push(`- **Goal:** ${cutLine(report.goal, 2_000)}`);
  if (branch !== null) {
    lines.push(
      `- **Branch:** \`${branch}\` at \`${short(head)}\`, started from \`${short(base)}\``,
    );
  }
  if (landed !== null) lines.push(`- **Landed:** ${landedText(landed)}`);
  if (report.not_landed !== null) lines.push(`- **Not landed:** ${report.not_landed}`);
  if (verified !== null) {
    const gates = report.gates.map((gate) => `\`${gate}\``).join(', ');
    lines.push(
      `- **Integrated tree:** \`${short(verified.tree)}\` passed ${gates === '' ? 'its gates; no commands were given' : gates}`,
    );
  }
  lines.push(`- **Nodes:** ${countsText(report)}`);
  lines.push(...report.progress.map((one) => `- **Progress:** ${progressText(one)}`));
  lines.push(...report.maps.map(mapLine));
  if (ms !== null) lines.push(`- **Time:** ${duration(ms)}, from ${report.started_at}`);
  return [...lines, `- **Spend:** ${spendText(report.spend)}`];
}

function mapLine({ map, total, verified, failed, skipped, failed_items }: Report['maps'][number]) {
  const names = failed_items.length === 0 ? '' : `: ${failed_items.join(', ')}`;
  return `- **Map ${map}:** ${verified} of ${total} verified, ${skipped} skipped, ${failed} failed${names}`;
}

function landedText(landed: NonNullable<Report['landed']>): string {
  switch (landed.how) {
    case 'branch':
      return 'left on its branch';
    case 'discard':
      return 'discarded';
    case 'merge':
      return `merged into \`${landed.target ?? 'the checkout'}\` as \`${short(landed.commit)}\``;
    case 'pr':
      return `pull request against \`${landed.target ?? ''}\`: ${landed.url ?? ''}`;
    case 'rollback':
      return landed.commit === null
        ? `pull request closed: ${landed.url ?? ''}`
        : `taken back from \`${landed.target ?? ''}\`, which is at \`${short(landed.commit)}\``;
  }
}

function countsText({ total, counts, attempts, stale_attempts, reused }: Report): string {
  const states = Object.entries(counts).map(([state, count]) => `${count} ${state}`);
  const stale = stale_attempts === 0 ? '' : `, ${stale_attempts} of them stale`;
  const taken = reused === 0 ? '' : `, ${reused} reused`;
  return `${total} (${states.join(', ')}), ${attempts} attempts${stale}${taken}`;
}

function graphSection({ graph }: Report): string[] {
  return ['## Graph', '', '```text', ...graph.list, '```', ''];
}

/** Last: it is for a page that draws it, and says nothing to whoever reads on. */
function mermaidSection({ graph }: Report): string[] {
  return ['## The graph as Mermaid', '', '```mermaid', graph.mermaid, '```', ''];
}

function nodeTable({ nodes, rest }: Report): string[] {
  const rows = nodes.map((node) => {
    const last = node.attempts.at(-1);
    const state = [
      node.state,
      ...(node.landed ? ['landed'] : []),
      ...(node.reused_from === null ? [] : [reusedText(node.reused_from)]),
    ].join(', ');
    const count = node.attempts.length + node.more_attempts;
    const word = count === 0 ? 'withdrawn' : 'stale';
    const stale = node.stale === 0 ? '' : `, ${node.stale} ${word}`;
    return `| ${node.name} | ${node.kind === 'agent' ? node.role : node.kind} | ${state} | ${count === 0 ? '–' : count}${stale} | ${last === undefined ? '–' : routeOf(last)} | ${count === 0 ? '–' : duration(node.ms)} | ${nodeSpend(node.spend)} |`;
  });
  const left = Object.entries(rest).map(([state, count]) => `${count} ${state}`);
  return [
    '## Nodes',
    '',
    '| node | role | state | attempts | route | time | spend |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
    ...(left.length === 0 ? [] : [`Not listed: ${left.join(', ')}.`, '']),
  ];
}

function trailSection({ trail }: Report): string[] {
  if (trail.entries.length === 0) return [];
  const lines = trail.entries.flatMap(({ at, node, text, findings }) => [
    `- ${at.slice(11, 19)} ${node === null ? '' : `\`${node}\` `}${text}`,
    ...findings.map((finding) => `  - ${finding}`),
  ]);
  const left = trail.left === 0 ? [] : [`- … ${trail.left} more are left out`];
  return ['## Decisions', '', ...lines, ...left, ''];
}

function reviewSection({ review }: Report): string[] {
  if (review.length === 0) return [];
  const lines = review.flatMap(({ node, judgement, findings, more_findings }, index) => [
    `- round ${index + 1} (\`${node}\`): **${judgement}**, ${countedFindings(findings.length + more_findings)}`,
    ...findings.map((finding) => `  - ${finding}`),
  ]);
  return ['## Review', '', ...lines, ''];
}

function nodeSection(node: NodeReport): string[] {
  const lines = [`### ${node.name}`, '', `> ${node.task}`, ''];
  if (node.needs.length > 0) {
    lines.push(`Needs ${node.needs.map((need) => `\`${need}\``).join(', ')}.`, '');
  }
  if (node.emitted_by !== null) lines.push(`Added by \`${node.emitted_by}\`.`, '');
  if (node.kind === 'agent') lines.push(`- route: ${node.declared ?? 'left open by the workflow'}`);
  if (node.reused_from !== null) lines.push(`- ${reusedText(node.reused_from)}, not executed here`);
  if (node.more_attempts > 0) lines.push(`- ${node.more_attempts} earlier attempts are left out`);
  lines.push(...node.attempts.flatMap(attemptLines));
  if (node.files.length > 0) {
    const more = node.more_files === 0 ? '' : ` and ${node.more_files} more`;
    const files = node.files.map((file) => `\`${file}\``).join(', ');
    lines.push(`- files: ${files}${more} (commit \`${short(node.commit)}\`)`);
  }
  if (node.receipt !== null) lines.push(`- receipt: \`${node.receipt}\``);
  if (node.state !== 'verified') {
    lines.push(`- **${node.state}**${node.message === null ? '' : `: ${node.message}`}`);
  }
  lines.push(...node.findings.map((finding) => `  - ${finding}`));
  return [...lines, ''];
}

function attemptLines(attempt: AttemptReport): string[] {
  const { reasons, model, end, ms, spend, message, verdicts } = attempt;
  const why = reasons.length > 0 ? ` (${reasons.join('; ')})` : '';
  const answered = model === null ? '' : `, answered by ${model}`;
  const time = ms === null ? '' : ` in ${duration(ms)}`;
  const stale = attempt.stale ? '**stale** ' : '';
  return [
    `- ${stale}attempt ${attempt.attempt}: ${routeOf(attempt)}${why}${answered}: ${end ?? 'no end seen'}${time}${spend === null ? '' : `, ${spendText(spend)}`}`,
    ...(message === null ? [] : [`  - ${message}`]),
    ...verdicts.map(({ name, pass, evidence, findings }) => {
      const said = findings.length === 0 ? '' : `: ${findings.join(', ')}`;
      const where = evidence === null ? '' : ` (evidence: \`${evidence}\`)`;
      return `  - ${stale}${pass ? 'pass' : '**fail**'} ${name}${said}${where}`;
    }),
  ];
}

function reproduceSection(report: Report): string[] {
  const { run, branch, base, gates, reproduce, source_changed: changed } = report;
  const said =
    changed === null
      ? []
      : [`\`${changed}\` was changed since the run began. The run used what it began with:`, ''];
  return [
    ...(reproduce.length === 0
      ? []
      : ['## Do it again', '', ...said, '```sh', ...reproduce, '```', '']),
    '## Look closer',
    '',
    '```sh',
    `mo output ${run} --node <node> --part log`,
    ...(branch === null || base === null ? [] : [`git log --stat ${short(base)}..${branch}`]),
    ...gates,
    '```',
    '',
  ];
}

function routeOf({ route }: AttemptReport): string {
  return route ?? 'command';
}

function nodeSpend(spend: Spend): string {
  const tokens = tokensOf(spend);
  const usd = spend.usd ?? 0;
  return tokens === 0 && usd === 0 ? '–' : `$${usd.toFixed(2)}, ${tokens} tokens`;
}

function spendText(spend: Spend): string {
  const money = spend.usd === null ? 'no money reported' : `$${spend.usd.toFixed(2)}`;
  return `${money}, ${tokensOf(spend)} tokens`;
}

/** `850ms`, `12.3s`, `4m10s`, `1h02m`. */
function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${String(Math.floor(seconds % 60)).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}

function short(commit: string | null): string {
  return commit?.slice(0, 10) ?? '';
}
