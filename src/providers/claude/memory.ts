import { z } from 'zod';
import { json, type Json } from '../../core/json.ts';
import { noSpend, spend } from '../../core/spend.ts';

const closing = z.object({
  subtype: z.string(),
  isError: z.boolean(),
  text: z.string(),
  apiStatus: z.number().nullable(),
  stopReason: z.string().nullable(),
  terminalReason: z.string().nullable(),
  safetyStops: z.number(),
  errors: z.array(z.string()),
});

/** What the parser must remember of the lines it has seen; all of it survives as JSON. */
const claudeMemory = z.object({
  /** Whether any line of the CLI's own was seen: a refused start prints none. */
  started: z.boolean(),
  session: z.string().nullable(),
  /** As the last session event said it. */
  model: z.string().nullable(),
  /** The last closing line; several may come, see `parse.ts`. */
  closing: closing.nullable(),
  answer: z.string(),
  structured: json.nullable(),
  /** Settled by closing lines. */
  spend,
  /** Seen in model turns after the last closing line; a lower bound, for workers that die before it. */
  unsettled: spend,
  /** Ids of the last model turns counted in `unsettled`; one turn is several lines. */
  turns: z.array(z.string()),
  /** Kind of the last API failure, forgotten when the model answers again. */
  apiError: z.string().nullable(),
  quota: z.object({ resetsAt: z.number().nullable() }).nullable(),
  openTools: z.array(z.string()),
  /** Denied tool calls that were told already; closing lines list them again. */
  denied: z.array(z.string()),
});
export type ClaudeMemory = z.infer<typeof claudeMemory>;

/** The memory an earlier parser left, or an empty one; what does not fit counts as nothing remembered. */
export function recall(memory: Json | null): ClaudeMemory {
  const parsed = claudeMemory.safeParse(memory);
  if (parsed.success) return parsed.data;
  return {
    started: false,
    session: null,
    model: null,
    closing: null,
    answer: '',
    structured: null,
    spend: noSpend,
    unsettled: noSpend,
    turns: [],
    apiError: null,
    quota: null,
    openTools: [],
    denied: [],
  };
}

/** Adds to a list that must not grow without bound; false when it was in it already. */
export function addOnce(list: string[], item: string): boolean {
  if (list.includes(item)) return false;
  list.push(item);
  if (list.length > 200) list.shift();
  return true;
}
