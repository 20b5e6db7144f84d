import { z } from 'zod';
import { nodeName, role } from './names.ts';
import { json } from './json.ts';

/** The paths a node may change, as globs relative to the repository. A literal path matches itself. */
export const scope = z.object({
  allow: z.array(z.string()),
  deny: z.array(z.string()),
  maxDiffLines: z.number().int().positive().nullable(),
});
export type Scope = z.infer<typeof scope>;

/**
 * What checks files by the end of their names, such as `.vue`, beside and before what mo knows itself: a shell command in which `{file}`
 * stands for the file, or false for files that are not to be checked.
 */
export const syntaxCommands = z.record(
  z.string().regex(/^\.[A-Za-z0-9_.+-]{1,40}$/, 'is no ending of a file name such as ".vue"'),
  z.union([z.string().regex(/\S/, 'is empty'), z.literal(false)]),
);
export type SyntaxCommands = z.infer<typeof syntaxCommands>;

/** `command` runs in a shell in the node's folder; exit code 0 passes. */
export const gateSpec = z.discriminatedUnion('gate', [
  z.object({ gate: z.literal('handoff') }),
  z.object({ gate: z.literal('scope') }),
  z.object({ gate: z.literal('secrets') }),
  // The commands are always those of the settings; see `gatesOf`.
  z.object({ gate: z.literal('syntax'), commands: syntaxCommands.default({}) }),
  z.object({
    gate: z.literal('command'),
    command: z.string().min(1),
    timeoutMs: z.number().int().positive().nullable(),
  }),
]);
export type GateSpec = z.infer<typeof gateSpec>;

/** null: no limit of this kind. */
export const limit = z.object({
  usd: z.number().positive().nullable(),
  tokens: z.number().int().positive().nullable(),
});
export type Limit = z.infer<typeof limit>;

/** What a worker is given, whatever becomes of it: complete, every default is filled in. */
const workSpec = z.object({
  role,
  /** What the worker is asked (agent), the shell command (command), the question (approval). */
  task: z.string(),
  write: z.boolean(),
  /** null on nodes that only read; `any` where the workflow says so on purpose. */
  scope: z.union([scope, z.literal('any')]).nullable(),
  /** Beside the gates every node of its kind gets; see `core/gates.ts`. */
  gates: z.array(gateSpec),
  provider: z.string().nullable(),
  profile: z.string().nullable(),
  model: z.string().nullable(),
  effort: z.string().nullable(),
  timeoutMs: z.number().int().positive(),
  idleMs: z.number().int().positive(),
  /** How often a failed attempt may be followed by another one. */
  retries: z.number().int().nonnegative(),
  budget: limit,
  /** What a worker may print before it is stopped. */
  maxOutputBytes: z.number().int().positive().nullable(),
  /** What a worker may print before a controller is told; never above `maxOutputBytes`. */
  softOutputBytes: z.number().int().positive().nullable().default(null),
  /** The worker is asked to say nothing but its answer, and what it says on the way is not kept. */
  finalOnly: z.boolean().default(false),
  /** JSON Schema the handoff must fit instead of the contract of the role. */
  contract: json.nullable(),
});

/** What every item of a map node becomes; `${…}` of `as` stands in its texts and scopes for the item. */
const itemSpec = workSpec.extend({ kind: z.enum(['agent', 'command']) });
export type ItemSpec = z.infer<typeof itemSpec>;

/** Over what a map node goes, and how. */
export const mapSpec = z.object({
  /** CEL: a list. `files("src/**")`, an input, a field of a handoff. */
  over: z.string(),
  /** The name of an item in the template. */
  as: z.string(),
  /** Items for one worker. */
  batch: z.number().int().positive(),
  /** Workers of this map at once, within the concurrency of the run. */
  concurrency: z.number().int().positive(),
  /** Only the first so many items; null: all. */
  limit: z.number().int().positive().nullable(),
  /** So many items spread over the list; null: all. */
  sample: z.number().int().positive().nullable(),
  item: itemSpec,
});
export type MapSpec = z.infer<typeof mapSpec>;

/** The entry of a list that a node works on: the `n`th of `total` entries of `of`, counted from 1. */
export const part = z.object({
  of: z.string(),
  n: z.number().int().positive(),
  total: z.number().int().positive(),
});
export type Part = z.infer<typeof part>;

/** One vertex of a workflow, complete: every default is filled in. */
export const nodeSpec = workSpec.extend({
  name: nodeName,
  kind: z.enum(['agent', 'command', 'gate', 'map', 'approval']),
  needs: z.array(nodeName),
  /** `nodes`: its handoff carries more nodes; `review`: its findings become fix nodes while cycles are left. */
  emit: z.enum(['nodes', 'review']).nullable(),
  /** A session of the provider to go on with. */
  resume: z.string().nullable(),
  /** CEL: skipped when this is not true once its needs are met; null: never. */
  when: z.string().nullable().default(null),
  /** CEL, on gate nodes only: all must be true. */
  passWhen: z.array(z.string()).nullable().default(null),
  /** What a gate node does when it does not pass, at most `maxRetries` times in its run; null: it fails. */
  onFail: z
    .object({ retry: nodeName, maxRetries: z.number().int().positive() })
    .nullable()
    .default(null),
  /** On map nodes only. */
  map: mapSpec.nullable().default(null),
  /** The map node this one is an item of; items of one map share worktrees. */
  itemOf: nodeName.nullable().default(null),
  /** The items it was made for, as text; a command finds them in its environment (`MO_ITEM`, `MO_ITEMS`). */
  items: z.array(z.string()).nullable().default(null),
  /** What the run tells its progress by; null: it belongs to no list. */
  part: part.nullable().default(null),
});
export type NodeSpec = z.infer<typeof nodeSpec>;
