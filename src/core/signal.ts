import { z } from 'zod';
import { limit } from './node.ts';

/** What a controller asks of the owner of a run. Kept in the store until an owner has turned it into events. */
export const signal = z.discriminatedUnion('kind', [
  /** `node` null: the whole run. `force`: at once, without asking the workers to end by themselves. */
  z.object({ kind: z.literal('stop'), node: z.string().nullable(), force: z.boolean() }),
  /** `request`: the id of the question; `choice`: one of those it offers; `text` may be empty. */
  z.object({
    kind: z.literal('answer'),
    request: z.string(),
    choice: z.string(),
    text: z.string(),
  }),
  /** `target`: the branch to merge into; null: the one the run was started from. */
  z.object({
    kind: z.literal('land'),
    how: z.enum(['branch', 'merge', 'discard']),
    target: z.string().nullable(),
  }),
  /** Go on with a run that its budget has ended or holds up, under these ceilings. */
  z.object({ kind: z.literal('resume'), budget: limit }),
]);
export type Signal = z.infer<typeof signal>;
