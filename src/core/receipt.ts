import { z } from 'zod';
import { origin } from './event.ts';
import { isBlocking, verdict } from './gate.ts';
import type { Json } from './json.ts';
import { spend, writtenSpend } from './spend.ts';
import { route } from './worker.ts';

/** What makes a node, or the whole of a run, verified: what was gated, by whom it was made, and that every gate let it pass. */
export const receipt = z.strictObject({
  version: z.literal(1),
  run: z.string(),
  /** `verify` for the integrated tree of a run. */
  node: z.string(),
  attempt: z.number().int().nonnegative(),
  /** base, commit and tree are all null outside git. */
  base: z.string().nullable(),
  commit: z.string().nullable(),
  tree: z.string().nullable(),
  /** What differs between base and tree. */
  files: z.array(z.string()),
  /** null where no worker took part. */
  route: route.nullable(),
  /** The model that answered, as its stream named it. */
  model: z.string().nullable(),
  spend,
  verdicts: z.array(verdict),
  /** Digest of the handoff, or null when there was none. */
  handoff: z.string().nullable(),
  prompt_version: z.string().nullable(),
  /** Nothing was gated here: it rests on this receipt of another run, and is true only while that one is. */
  reused_from: origin.extend({ digest: z.string() }).exactOptional(),
  issued_at: z.iso.datetime(),
  /** Digest of all the rest as canonical JSON. It shows damage and careless edits; it is no signature. */
  digest: z.string(),
});
export type Receipt = z.infer<typeof receipt>;

export type ReceiptFacts = Omit<Receipt, 'version' | 'issued_at' | 'digest' | 'handoff'> & {
  handoff: Json | null;
  /** ms since 1970. */
  issuedAt: number;
};

/** Text to digest, such as SHA-256 in hexadecimal. */
export type Hash = (text: string) => string;

export function makeReceipt(facts: ReceiptFacts, hash: Hash): Receipt {
  const { issuedAt, handoff, ...rest } = facts;
  const unsealed = {
    ...rest,
    spend: writtenSpend(rest.spend),
    version: 1 as const,
    handoff: handoff === null ? null : hash(canonicalJson(handoff)),
    issued_at: new Date(issuedAt).toISOString(),
  };
  return { ...unsealed, digest: digestOf(unsealed, hash) };
}

/** Why a receipt proves nothing, one sentence each; empty when it holds by itself. Whether its commit still exists is for git to say. */
export function receiptProblems(one: Receipt, hash: Hash): string[] {
  const { digest, ...rest } = one;
  const problems: string[] = [];
  if (digestOf(rest, hash) !== digest) {
    problems.push('The digest does not fit: the receipt was changed after it was issued.');
  }
  if (one.verdicts.length === 0) problems.push('It holds no verdict, so nothing was checked.');
  for (const { name, pass, findings } of one.verdicts) {
    if (!pass) problems.push(`Gate ${name} failed.`);
    else if (findings.some(isBlocking)) {
      problems.push(`Gate ${name} is said to have passed, but holds findings that block.`);
    }
  }
  const known = [one.base, one.commit, one.tree].filter((id) => id !== null).length;
  if (known !== 0 && known !== 3) problems.push('Of base, commit and tree only some are given.');
  if (one.files.length > 0 && (known === 0 || one.commit === one.base)) {
    problems.push('It lists changed files, but no commit that holds them.');
  }
  return problems;
}

/** One text for one value: keys sorted, no blanks. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`);
  return `{${fields.join(',')}}`;
}

function digestOf(unsealed: Omit<Receipt, 'digest'>, hash: Hash): string {
  return hash(canonicalJson(unsealed));
}
