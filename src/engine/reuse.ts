import type { Origin, RunEvent, Work } from '../core/event.ts';
import type { Json } from '../core/json.ts';
import { canonicalJson, makeReceipt, type Receipt } from '../core/receipt.ts';
import { reusedText } from '../core/reuse.ts';
import type { Run, RunNode } from '../core/run.ts';
import { noSpend } from '../core/spend.ts';
import { commitTree, treeOf } from '../git/commit.ts';
import { nodeRef, readRef, updateRef } from '../git/refs.ts';
import type { Git } from '../git/git.ts';
import type { KeyedReceipt } from '../store/receipt-table.ts';
import { messageOf } from './commit-message.ts';
import { lostWork, readProof } from './receipt-truth.ts';
import { sha256, writeReceipt } from './receipt.ts';
import type { AttemptDesk } from './watch-worker.ts';

/** What is asked of whom, and the commit the answer would stand on. */
type Asked = { git: Git; run: Run; node: RunNode; attempt: number; key: string; base: string };

/** A result of another run that answers it. */
type Found = { origin: Origin; receipt: Receipt; handoff: Json };

type Reused = {
  event: Extract<RunEvent, { type: 'node.reused' }>;
  row: Awaited<ReturnType<typeof writeReceipt>>;
};

/** What an owner has found out for it, or given away. */
export type Reuse = {
  /** By commit. */
  trees: Map<string, string>;
  /** Receipts of other runs, with the node that rests on it. */
  taken: Map<string, string>;
  /** Node and key: no receipt there is can be believed. */
  unanswered: Set<string>;
};

export function newReuse({ nodes }: Run): Reuse {
  const taken = new Map<string, string>();
  for (const [name, { attempts }] of nodes)
    for (const { reused } of attempts) if (reused !== undefined) taken.set(originKey(reused), name);
  return { trees: new Map(), taken, unanswered: new Set() };
}

/**
 * The receipt of another run that was asked the same, made one of this run; null where there is none that holds. No answer is given to
 * two nodes of one run: whoever asks the same twice wants two.
 */
export async function findReused(
  desk: AttemptDesk,
  asked: Asked,
  candidates: readonly KeyedReceipt[],
): Promise<Reused | null> {
  const { engine } = desk;
  const { taken } = desk.reuse;
  const { name } = asked.node.spec;
  for (const candidate of candidates) {
    const claim = originKey(originOf(candidate));
    if ((taken.get(claim) ?? name) !== name) continue;
    taken.set(claim, name);
    const found = await believe(desk, candidate);
    if (typeof found !== 'string') return takeOver(desk, asked, found);
    taken.delete(claim);
    engine.log(`${name} is not ${reusedText(originOf(candidate))}: ${found}`);
  }
  return null;
}

/** It was not recorded, so somebody else may have it. */
export function release({ reuse }: AttemptDesk, { event }: Reused): void {
  reuse.taken.delete(originKey(event.from));
}

function originKey({ run, node, attempt }: Origin): string {
  return `${run}/${node}/${attempt}`;
}

function originOf({ runId, node, attempt }: KeyedReceipt): Origin {
  return { run: runId, node, attempt };
}

/** Or why not. */
async function believe({ engine }: AttemptDesk, row: KeyedReceipt): Promise<Found | string> {
  const { store } = engine;
  if (store.view(row.runId).landed?.how === 'discard') return 'its run was discarded';
  const receipt = await readProof(engine, row);
  if (typeof receipt === 'string') return receipt;
  const [recorded] = store.readEvents(row.runId, row.seq - 1, 1);
  const event = recorded?.event;
  if (event?.type !== 'node.verified' || event.node !== row.node) return 'nothing rests on it';
  const digest = event.handoff === null ? null : sha256(canonicalJson(event.handoff));
  if (digest !== receipt.handoff) return 'its handoff is another one';
  const lost = receipt.files.length === 0 ? null : await lostWork(engine, receipt);
  return lost ?? { origin: originOf(row), receipt, handoff: event.handoff };
}

async function takeOver(
  { engine, recorder }: AttemptDesk,
  asked: Asked,
  { origin, receipt, handoff }: Found,
): Promise<Reused> {
  const { run, node, attempt, key } = asked;
  const { name } = node.spec;
  recorder.fence();
  const work = await standOn(asked, { origin, receipt });
  const { route } = receipt;
  const row = await writeReceipt(
    engine,
    node,
    makeReceipt(
      {
        run: run.spec.runId,
        node: name,
        attempt,
        ...work,
        route,
        model: receipt.model,
        spend: noSpend,
        verdicts: receipt.verdicts,
        handoff,
        prompt_version: receipt.prompt_version,
        reused_from: { ...origin, digest: receipt.digest },
        issuedAt: engine.clock.now(),
      },
      sha256,
    ),
  );
  const proof = { receipt: row.path, handoff, work, route, key, from: origin };
  return { event: { type: 'node.reused', node: name, attempt, ...proof }, row };
}

/**
 * The same change on the commit this run is at, whose tree is the one it was made on. Its commits are not taken along when they stand on
 * another one: with them the history of the other run would land.
 */
async function standOn(
  { git, run, node, base }: Asked,
  { origin, receipt }: Omit<Found, 'handoff'>,
): Promise<Work> {
  const { files, commit, tree } = receipt;
  if (files.length === 0 || commit === null || tree === null)
    return { base, commit: base, tree: await treeOf(git, base), files: [] };
  const { runId } = run.spec;
  const { name } = node.spec;
  const from = `${origin.run}/${origin.node}/${origin.attempt}`;
  const trailers = { 'Mo-Run': runId, 'Mo-Node': name, 'Mo-Reused-From': from };
  const own =
    receipt.base === base
      ? commit
      : await commitTree(git, { tree, parents: [base], message: messageOf(node), trailers });
  const ref = nodeRef(runId, name);
  // An owner that died may have come as far as this.
  const expected = await readRef(git, ref);
  if (expected !== own)
    await updateRef(git, { ref, to: own, expected, reason: `mo: ${reusedText(origin)}` });
  return { base, commit: own, tree, files };
}
