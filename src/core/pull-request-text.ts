import type { Verdict } from './gate.ts';
import { redact } from './redact.ts';
import { cutLine } from './report-line.ts';
import type { Run } from './run.ts';
import { tokensOf } from './spend.ts';
import { countsOf } from './view.ts';

const mostNodes = 50;
const mostVerdicts = 30;

/** What a pull request says: what was asked, what was proved, by what it can be checked. No text of a worker, and no secret, leaves with it. */
export function pullRequestText(
  run: Run,
  verdicts: readonly Verdict[],
): { title: string; body: string } {
  const { runId, goal } = run.spec;
  const lines = [
    redact(goal.trim()).slice(0, 5_000),
    '',
    '## Gates on the integrated tree',
    '',
    ...verdictLines(verdicts),
    '',
    ...proofLines(run),
    '',
    '## Nodes',
    '',
    ...nodeLines(run),
    '',
    `Run \`${runId}\` of mo${spendText(run)}.`,
    '',
  ];
  const title = redact(cutLine(goal, 100));
  return { title: title === '' ? runId : title, body: lines.join('\n') };
}

function verdictLines(verdicts: readonly Verdict[]): string[] {
  if (verdicts.length === 0) return ['None: no commands were given.'];
  const shown = verdicts
    .slice(0, mostVerdicts)
    .map(({ name, pass }) => `- ${code(name)}: ${pass ? 'passed' : 'failed'}`);
  return [...shown, ...left(verdicts.length - mostVerdicts)];
}

function proofLines({ verified }: Run): string[] {
  if (verified === null) return [];
  const { commit, tree, receipt } = verified;
  return [`Commit ${code(commit)}, tree ${code(tree)}. Receipt of the run: ${code(receipt)}.`];
}

function nodeLines(run: Run): string[] {
  const nodes = [...run.nodes.values()];
  if (nodes.length > mostNodes)
    return Object.entries(countsOf(run)).map(([state, count]) => `- ${count} ${state}`);
  return nodes.map(
    ({ spec, state }) =>
      `- ${code(spec.name)}, ${spec.kind === 'agent' ? spec.role : spec.kind}: ${state.status}`,
  );
}

function spendText({ settled }: Run): string {
  const tokens = tokensOf(settled);
  const parts = [
    ...(settled.usd === null ? [] : [`$${settled.usd.toFixed(2)}`]),
    ...(tokens === 0 ? [] : [`${tokens} tokens`]),
  ];
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}

function left(count: number): string[] {
  return count > 0 ? [`- and ${count} more`] : [];
}

/** A command may hold backticks itself. */
function code(text: string): string {
  const line = redact(cutLine(text, 200));
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line}\``;
}
