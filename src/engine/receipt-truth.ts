import { join } from 'node:path';
import { parseJson } from '../core/json.ts';
import { receipt as receiptSchema, receiptProblems, type Receipt } from '../core/receipt.ts';
import { readKept } from '../store/kept-file.ts';
import { readRun } from './read-run.ts';
import { sha256 } from './receipt.ts';
import { isWithdrawn } from './withdraw.ts';
import type { Engine } from './engine.ts';

/** Why a receipt that is whole counts no more; null while it does, and for a receipt of a run that is not known here. */
export function withdrawal({ store }: Engine, receipt: Receipt): string | null {
  if (store.runIfAny(receipt.run) === null) return null;
  const row = store
    .receipts(receipt.run)
    .find(({ node, digest }) => node === receipt.node && digest === receipt.digest);
  const run = readRun(store, receipt.run);
  const isOfRun = receipt.node === 'verify' && receipt.base === run.spec.base;
  if (row?.stale !== true && (row !== undefined || !isOfRun || !isWithdrawn(run, receipt)))
    return null;
  const cause = run.invalidations.find(
    ({ nodes, dropped, at }) =>
      Date.parse(receipt.issued_at) <= at &&
      (row === undefined || nodes.includes(receipt.node) || dropped.includes(receipt.node)),
  );
  return `It is stale: ${row === undefined ? 'a part of the run' : receipt.node} was invalidated${cause === undefined ? '' : ` (${cause.reason})`}, so it cannot be accepted any more.`;
}

/** Why what it speaks of cannot be had any more; null while its commit is in the repository and holds its tree. */
export async function lostWork(
  { repository }: Engine,
  { commit, tree }: Receipt,
): Promise<string | null> {
  if (commit === null || repository === null) return null;
  const found = await repository.git.run(['rev-parse', '--verify', '--quiet', `${commit}^{tree}`], {
    accept: [0, 1, 128],
  });
  const short = commit.slice(0, 10);
  if (found.exitCode !== 0) return `Commit ${short} is not in this repository.`;
  if (found.stdout.trim() === tree) return null;
  return `Commit ${short} does not hold the tree that was gated.`;
}

/** The receipt a row tells of, or why that cannot be believed. */
export async function readProof(
  { project, paths }: Engine,
  { path, digest }: { path: string; digest: string },
): Promise<Receipt | string> {
  const text = await readKept(paths, join(project, path));
  if (text === null) return `${path} is not there`;
  const receipt = receiptSchema.safeParse(parseJson(text)?.value).data;
  if (receipt === undefined) return `${path} is no receipt`;
  if (receipt.digest !== digest) return `${path} is not the receipt that was issued`;
  return receiptProblems(receipt, sha256)[0] ?? receipt;
}

/** Of a receipt that rests on one of another run: why that one does not hold it. */
export async function originProblems(engine: Engine, receipt: Receipt): Promise<string[]> {
  const { reused_from: from } = receipt;
  if (from === undefined) return [];
  const name = `the receipt of ${from.run}/${from.node}`;
  const isKnown = engine.store.runIfAny(from.run) !== null;
  const row = (isKnown ? engine.store.receipts(from.run) : []).find(
    ({ node, attempt, digest }) =>
      node === from.node && attempt === from.attempt && digest === from.digest,
  );
  if (row === undefined) return [`It rests on ${name}, which is not known here.`];
  if (row.stale) return [`It rests on ${name}, which is stale.`];
  const origin = await readProof(engine, row);
  if (typeof origin === 'string') return [`It rests on ${name}: ${origin}.`];
  const isSame = origin.tree === receipt.tree && origin.handoff === receipt.handoff;
  return isSame ? [] : [`It does not say what ${name} says, on which it rests.`];
}
