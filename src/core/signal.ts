import { z } from 'zod';
import { landHow } from './landing.ts';
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
  /** `target`: the branch to merge into or to take back from; null: the one the run was started from, or was merged into last. */
  z.object({
    kind: z.literal('land'),
    how: landHow,
    target: z.string().nullable(),
  }),
  /** Do a node again, and all that rests on it; `text`, which may be empty, is told to its worker. */
  z.object({ kind: z.literal('retry'), node: z.string(), text: z.string() }),
  z.object({ kind: z.literal('skip'), node: z.string() }),
  /** What the worker of a node is to know from now on. */
  z.object({ kind: z.literal('tell'), node: z.string(), text: z.string() }),
  z.object({ kind: z.literal('pause'), workers: z.enum(['finish', 'stop']) }),
  /** `budget`: the ceilings to go on under; null: those there are. */
  z.object({ kind: z.literal('resume'), budget: limit.nullable() }),
]);
export type Signal = z.infer<typeof signal>;
