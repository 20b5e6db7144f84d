import { join, relative, resolve } from 'node:path';
import { parseJson } from '../core/json.ts';
import { MoError } from '../core/problem.ts';
import { receipt as receiptSchema, receiptProblems, type Receipt } from '../core/receipt.ts';
import { readText } from '../platform/files.ts';
import { findKept } from '../store/kept-file.ts';
import type { Engine } from './engine.ts';
import { sha256 } from './receipt.ts';
import { lostWork, originProblems, withdrawal } from './receipt-truth.ts';
import { fromProject, type VerifyAnswer } from './verify-answer.ts';

/** Whether a receipt still says the truth: unchanged since it was issued, and its commit and tree are in the repository. */
export async function verifyReceipt(engine: Engine, wish: { file: string }): Promise<VerifyAnswer> {
  const named = resolve(engine.project, wish.file);
  const file = (await findKept(engine.paths, named)) ?? named;
  const text = await readText(file);
  if (text === null) throw unreadable(file, 'there is no such file');
  const parsed = receiptSchema.safeParse(parseJson(text)?.value);
  if (!parsed.success) throw unreadable(file, 'it is no receipt of mo');
  const receipt = parsed.data;
  const problems = receiptProblems(receipt, sha256);
  const withdrawn = withdrawal(engine, receipt);
  if (withdrawn !== null) problems.push(withdrawn);
  const lost = await lostWork(engine, receipt);
  if (lost !== null) problems.push(lost);
  problems.push(...(await originProblems(engine, receipt)));
  return {
    pass: problems.length === 0,
    commit: receipt.commit,
    tree: receipt.tree,
    verdicts: fromProject(engine, receipt.verdicts, evidenceOf(engine, receipt)),
    receipt: relative(engine.project, file),
    problems,
  };
}

/** Where the evidence of a receipt is: what was reused lies with the run that proved it. */
function evidenceOf({ paths }: Engine, { run, reused_from: from }: Receipt): string {
  return join(paths.runs, from?.run ?? run);
}

function unreadable(file: string, why: string): MoError {
  return new MoError({
    code: 'bad-input',
    what: `${file} cannot be verified: ${why}.`,
    fix: 'Receipts are in .agent-workspace/runs/<run>/receipts/.',
  });
}
