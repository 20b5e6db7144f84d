import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseJson } from '../core/json.ts';
import { receipt as receiptSchema, type Receipt } from '../core/receipt.ts';
import type { Run } from '../core/run.ts';
import { inTurn } from '../git/in-turn.ts';
import { fileProblem, readText } from '../platform/files.ts';
import type { Engine } from './engine.ts';

/** Puts receipts that count no more where nobody takes them for evidence. Safe to be done again: an owner may have died before it had. */
export async function withdrawReceipts(engine: Engine, run: Run): Promise<void> {
  if (run.invalidations.length === 0) return;
  for (const [name, { stale }] of run.nodes)
    if (stale > 0)
      await inTurn(engine.paths.receipt(run.spec.runId, name), () =>
        withdrawReceipt(engine, run.spec.runId, name, stale),
      );
  await withdrawRunReceipt(engine, run);
}

/** The receipt of a node, if it is of an attempt up to `stale`. To be called in turn for that file. */
export async function withdrawReceipt(
  { paths }: Engine,
  runId: string,
  node: string,
  stale: number,
): Promise<void> {
  const file = paths.receipt(runId, node);
  const receipt = await readReceipt(file);
  if (receipt !== null && receipt.attempt <= stale)
    await move(file, paths.staleReceipt(runId, node, receipt.attempt));
}

/** What was proved of the whole before one of its parts was invalidated. */
async function withdrawRunReceipt({ paths }: Engine, run: Run): Promise<void> {
  const file = paths.runReceipt(run.spec.runId);
  const receipt = await readReceipt(file);
  if (receipt !== null && isWithdrawn(run, receipt))
    await move(file, paths.staleRunReceipt(run.spec.runId, receipt.attempt));
}

/** Of the receipt of a whole run. */
export function isWithdrawn(run: Run, receipt: Receipt): boolean {
  const last = run.invalidations.at(-1);
  return last !== undefined && Date.parse(receipt.issued_at) <= last.at;
}

async function readReceipt(file: string): Promise<Receipt | null> {
  const text = await readText(file);
  const parsed = text === null ? null : parseJson(text);
  return receiptSchema.safeParse(parsed?.value).data ?? null;
}

async function move(from: string, to: string): Promise<void> {
  try {
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
  } catch (cause) {
    throw fileProblem(to, cause);
  }
}
