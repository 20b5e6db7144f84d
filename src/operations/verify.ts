import { z } from 'zod';
import { finding } from '../core/gate.ts';
import { MoError } from '../core/problem.ts';
import type { OperationContext, VerifyWish } from './context.ts';
import { defineOperation } from './operation.ts';

/** Findings told per gate; the evidence file holds all. */
const mostFindings = 5;

const input = z.strictObject({
  run_id: z.string().optional(),
  node: z.string().optional(),
  folder: z.string().optional().describe('A git folder instead of a run'),
  base: z.string().optional().describe('Of folder; default HEAD'),
  receipt: z.string().optional().describe('A receipt file'),
  gates: z.array(z.string()).optional().describe('Commands'),
});

export const verify = defineOperation({
  name: 'verify',
  title: 'Prove a result with gates',
  summary:
    'Run the gates on a run, a node or any git folder; answers a verdict per gate with evidence. With receipt: is that receipt still true?',
  // Its gates are commands of the caller: a host that let it run unasked would let them past its own sandbox.
  kind: 'destroy',
  toolset: 'core',
  searchHint: 'test the result, check work, gates, proof',
  positional: 'run_id',
  input,
  output: z.object({
    pass: z.boolean(),
    commit: z.string().nullable(),
    tree: z.string().nullable(),
    verdicts: z.array(
      z.object({
        gate: z.string(),
        name: z.string(),
        pass: z.boolean(),
        findings: z.array(finding),
        more: z.number().optional(),
        evidence: z.string().nullable(),
      }),
    ),
    receipt: z.string().nullable(),
    problems: z.array(z.string()),
    next: z.string().optional(),
  }),
  run: async (asked, context) => {
    const { findRun } = await import('./find-run.ts');
    const wish = await wishOf(asked, async (run) => (await findRun(context, run)).runId);
    const result = await context.verify(wish);
    const next = wish.what === 'run' ? await nextOf(wish, result.pass, context) : null;
    return {
      ...result,
      ...(next === null ? {} : { next }),
      problems: [...result.problems],
      verdicts: result.verdicts.map(({ gate, name, pass, findings, evidence }) => ({
        gate,
        name,
        pass,
        findings: findings.slice(0, mostFindings).map((one) => ({
          ...one,
          evidence: one.evidence.slice(0, 600),
        })),
        ...(findings.length > mostFindings ? { more: findings.length - mostFindings } : {}),
        evidence,
      })),
    };
  },
  render: ({ pass, verdicts, problems, receipt, next }) =>
    [
      `${pass ? 'verified' : 'not verified'}: ${verdicts.filter((one) => one.pass).length} of ${verdicts.length} gates pass`,
      ...verdicts.flatMap((one) => [
        `${one.pass ? '✓' : '✗'} ${one.name}${one.evidence === null ? '' : ` (${one.evidence})`}`,
        ...one.findings.map(
          ({ severity, title, file }) =>
            `    ${severity}: ${title}${file === null ? '' : ` in ${file}`}`,
        ),
      ]),
      ...problems.map((problem) => `! ${problem}`),
      ...(receipt === null ? [] : [`receipt ${receipt}`]),
      ...(next === undefined ? [] : [next]),
    ].join('\n'),
  exitCode: ({ pass }) => (pass ? 0 : 1),
});

type RunWish = Extract<VerifyWish, { what: 'run' }>;

async function nextOf(
  { runId, node }: RunWish,
  pass: boolean,
  context: OperationContext,
): Promise<string | null> {
  if (node !== null)
    return pass ? null : `workflow_control {run_id: "${runId}", action: "retry", node: "${node}"}`;
  if (!pass) return `output {run_id: "${runId}", part: "report"}`;
  const { state, landed, branch } = (await context.store()).view(runId);
  const isThere = landed?.how === 'merge' || landed?.how === 'pr';
  if (state !== 'succeeded' || branch === null || isThere) return null;
  return `land {run_id: "${runId}", how: "merge", confirm: true}`;
}

async function wishOf(
  asked: z.output<typeof input>,
  fullId: (run: string) => Promise<string>,
): Promise<VerifyWish> {
  const named = [asked.run_id, asked.folder, asked.receipt].filter((one) => one !== undefined);
  if (named.length !== 1) {
    throw new MoError({
      code: 'bad-input',
      what: `verify takes one of run_id, folder and receipt, not ${named.length === 0 ? 'none' : 'several'}.`,
      fix: 'Name the run, the folder or the receipt to verify.',
    });
  }
  const commands = asked.gates ?? [];
  if (asked.receipt !== undefined) return { what: 'receipt', file: asked.receipt };
  if (asked.folder !== undefined) {
    return { what: 'folder', folder: asked.folder, base: asked.base ?? 'HEAD', commands };
  }
  return {
    what: 'run',
    runId: await fullId(asked.run_id ?? ''),
    node: asked.node ?? null,
    commands,
  };
}
