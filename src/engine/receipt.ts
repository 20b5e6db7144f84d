import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { makeReceipt, type Receipt } from '../core/receipt.ts';
import { noSpend } from '../core/spend.ts';
import type { Verdict } from '../core/gate.ts';
import type { Json } from '../core/json.ts';
import type { RunEvent, Work } from '../core/event.ts';
import type { Run, RunNode } from '../core/run.ts';
import { writeWhole } from '../platform/files.ts';
import { inTurn } from '../git/in-turn.ts';
import type { ReceiptRow } from '../store/receipt-table.ts';
import { readPromptVersion } from './compose.ts';
import { withdrawReceipt } from './withdraw.ts';
import type { Engine } from './engine.ts';

/** The receipt, and the event that rests on it: both go into one transaction. */
export async function proveNode(
  engine: Engine,
  run: Run,
  node: RunNode,
  proof: { attempt: number; work: Work | null; verdicts: readonly Verdict[]; handoff: Json | null },
) {
  const row = await issueReceipt(engine, run, node, proof);
  const event: RunEvent = {
    type: 'node.verified',
    node: node.spec.name,
    attempt: proof.attempt,
    receipt: row.path,
    handoff: proof.handoff,
  };
  return { event, row };
}

/** Writes a node's receipt. The file is there before the event says so. */
async function issueReceipt(
  engine: Engine,
  run: Run,
  node: RunNode,
  proof: { attempt: number; work: Work | null; verdicts: readonly Verdict[]; handoff: Json | null },
): Promise<ReceiptRow> {
  const { runId } = run.spec;
  const { attempt, work, verdicts, handoff } = proof;
  const last = node.attempts.at(-1);
  const issuedAt = engine.clock.now();
  const receipt = makeReceipt(
    {
      run: runId,
      node: node.spec.name,
      attempt,
      base: work?.base ?? null,
      commit: work?.commit ?? null,
      tree: work?.tree ?? null,
      files: work?.files ?? [],
      route: last?.route ?? null,
      model: last?.ending?.model ?? null,
      spend: last?.ending?.spend ?? noSpend,
      verdicts: [...verdicts],
      handoff,
      prompt_version: await readPromptVersion(
        engine.paths.attemptFolder(runId, node.spec.name, attempt),
      ),
      issuedAt,
    },
    sha256,
  );
  return { ...(await writeReceipt(engine, node, receipt)), key: last?.key ?? null };
}

/** Where everybody looks for it, in the place of one that counts no more. */
export async function writeReceipt(
  engine: Engine,
  { spec, stale }: RunNode,
  receipt: Receipt,
): Promise<ReceiptRow> {
  const { run: runId, attempt, commit, tree, digest } = receipt;
  const file = engine.paths.receipt(runId, spec.name);
  await inTurn(file, async () => {
    await withdrawReceipt(engine, runId, spec.name, stale);
    await writeWhole(file, `${JSON.stringify(receipt, null, 2)}\n`);
  });
  const path = relative(engine.project, file);
  const createdAt = Date.parse(receipt.issued_at);
  return { node: spec.name, attempt, path, commit, tree, digest, createdAt };
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
