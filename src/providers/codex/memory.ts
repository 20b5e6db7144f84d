import { z } from 'zod';
import type { Json } from '../../core/json.ts';
import { noSpend, spend, type Spend } from '../../core/spend.ts';

/** What the parser must remember of the lines it has seen; all of it survives as JSON. */
const codexMemory = z.object({
  session: z.string().nullable(),
  /** The last `turn.completed` or `turn.failed`. */
  closing: z
    .discriminatedUnion('ok', [
      z.object({ ok: z.literal(true) }),
      z.object({ ok: z.literal(false), message: z.string() }),
    ])
    .nullable(),
  /** Text of the last `agent_message`: the answer, once the turn is completed. */
  answer: z.string(),
  /** What the thread had cost before this process; its numbers are cumulative over the thread. */
  before: spend,
  spend,
  retries: z.number(),
  lastError: z.string().nullable(),
  openTools: z.array(z.string()),
});
export type CodexMemory = z.infer<typeof codexMemory>;

/** The memory an earlier parser left, or an empty one; what does not fit counts as nothing remembered. */
export function recall(memory: Json | null): CodexMemory {
  const parsed = codexMemory.safeParse(memory);
  return parsed.success ? parsed.data : emptyMemory(noSpend);
}

/** Memory for a process that resumes a thread whose earlier attempts cost `before`, so that it counts only its own. */
export function resumedThread(before: Spend): Json {
  return emptyMemory(before);
}

function emptyMemory(before: Spend): CodexMemory {
  return {
    session: null,
    closing: null,
    answer: '',
    before,
    spend: noSpend,
    retries: 0,
    lastError: null,
    openTools: [],
  };
}
