import { z } from 'zod';
import { finding, verdict } from './gate.ts';
import { json } from './json.ts';
import { landHow, landWish } from './landing.ts';
import { limit, nodeSpec } from './node.ts';
import { settings } from './settings.ts';
import { ending, processId, route } from './worker.ts';

/** What a node that is added while the run goes on gets where it says nothing itself. */
export const nodeDefaults = z.object({
  provider: z.string().nullable(),
  profile: z.string().nullable(),
  model: z.string().nullable(),
  effort: z.string().nullable(),
  timeoutMs: z.number().int().positive(),
  idleMs: z.number().int().positive(),
  retries: z.number().int().nonnegative(),
  budget: limit,
});
export type NodeDefaults = z.infer<typeof nodeDefaults>;

/** All a run is started with; nothing else is read later, so that a resumed run does what the first owner would have done. */
export const runSpec = z.object({
  runId: z.string(),
  name: z.string(),
  goal: z.string(),
  recipe: z.string().nullable(),
  /** Root of the user's checkout, absolute. */
  project: z.string(),
  /** Commit the run starts from; null outside git (then no node writes). */
  base: z.string().nullable(),
  /** The branch that was checked out, short name; null when detached or outside git. */
  target: z.string().nullable(),
  land: landWish,
  nodes: z.array(nodeSpec),
  /** Commands the integrated tree must pass before it lands. Also the only commands emitted nodes may name. */
  gates: z.array(z.string()),
  concurrency: z.number().int().positive(),
  budget: limit,
  /** `ask`: a plan waits for a person. */
  confirm: z.enum(['ask', 'yes']),
  maxCycles: z.number().int().positive(),
  /** Values of the workflow's inputs, for its expressions. */
  inputs: z.record(z.string(), json).default({}),
  /** How often the gate nodes of the run may send work back, all together. */
  maxInvalidations: z.number().int().positive().default(50),
  maxNodes: z.number().int().positive().default(10_000),
  /**
   * Whether its nodes may be answered by receipts of earlier runs (`adr/0022`). `fresh`: not this time; later runs may take from this one.
   * `never`: neither.
   */
  reuse: z.enum(['yes', 'fresh', 'never']).default('never'),
  defaults: nodeDefaults,
  settings,
});
export type RunSpec = z.infer<typeof runSpec>;

/** A question to a person. `plan`: go on with the emitted nodes? `escalation`: the rules say stop. `approval`: an approval node. */
export const request = z.object({
  id: z.string(),
  kind: z.enum(['plan', 'approval', 'escalation']),
  node: z.string().nullable(),
  question: z.string(),
  choices: z.array(z.string()),
});
export type Request = z.infer<typeof request>;

/** Why work goes back to its node. */
export const returnCause = z.enum([
  'gate',
  'conflict',
  'merged-gate',
  'ending',
  'lost',
  'plan',
  'told',
]);
export type ReturnCause = z.infer<typeof returnCause>;

/** Why a review round went on or stopped; see `core/convergence.ts`. */
export const judgement = z.enum([
  'accept',
  'fix',
  'plateau',
  'regression',
  'deterioration',
  'exhausted',
]);
export type Judgement = z.infer<typeof judgement>;

/** What became of a run. `exhausted`: budget or quota ended it. */
export const outcome = z.enum(['succeeded', 'failed', 'stopped', 'exhausted']);
export type Outcome = z.infer<typeof outcome>;

/** What an attempt changed: `base` is what the gates compare with, `commit` and `tree` what the worker left. */
export const work = z.object({
  base: z.string(),
  commit: z.string(),
  tree: z.string(),
  files: z.array(z.string()),
});
export type Work = z.infer<typeof work>;

/** The attempt, of another run, whose receipt a reused node rests on. */
export const origin = z.strictObject({
  run: z.string(),
  node: z.string(),
  attempt: z.number().int(),
});
export type Origin = z.infer<typeof origin>;

const at = { node: z.string(), attempt: z.number().int() };

/** Everything that can happen to a run. Append-only; the events of a run fold to its state (`core/apply.ts`). */
export const runEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run.created'), spec: runSpec }),
  z.object({ type: z.literal('run.owned'), epoch: z.number().int(), owner: processId }),
  /** Durable before anything is started. `base` and `worktree` are null for nodes that only read outside git. */
  z.object({
    type: z.literal('attempt.started'),
    ...at,
    route: route.nullable(),
    reasons: z.array(z.string()),
    base: z.string().nullable(),
    reserved: limit,
    /** Which of the worktrees of its map an item works in; not there on other nodes. */
    slot: z.number().int().nonnegative().nullable().optional(),
    /** Of what it is asked; see `node-key.ts`. */
    key: z.string().nullable().optional(),
  }),
  /** Another run has asked the same and has a receipt: no worker is started, and no money set aside. */
  z.object({
    type: z.literal('node.reused'),
    ...at,
    receipt: z.string(),
    handoff: json.nullable(),
    work,
    /** Who made it then. */
    route: route.nullable(),
    key: z.string(),
    from: origin,
  }),
  z.object({ type: z.literal('attempt.spawned'), ...at, process: processId }),
  z.object({ type: z.literal('attempt.adopted'), ...at, process: processId }),
  z.object({ type: z.literal('attempt.ended'), ...at, ending, handoff: json.nullable() }),
  /** What the worker left is now a commit; commit and tree equal the base's when nothing changed. */
  z.object({ type: z.literal('work.committed'), ...at, work }),
  z.object({ type: z.literal('gate.judged'), ...at, verdict }),
  z.object({
    type: z.literal('node.verified'),
    ...at,
    receipt: z.string(),
    handoff: json.nullable(),
  }),
  /** `head` is the run's branch after landing. */
  z.object({
    type: z.literal('node.landed'),
    node: z.string(),
    head: z.string(),
    tree: z.string(),
  }),
  z.object({
    type: z.literal('node.returned'),
    ...at,
    cause: returnCause,
    message: z.string(),
    findings: z.array(finding),
    /** ms since 1970; the node does not start before. */
    notBefore: z.number(),
    /** Whether this counts against the node's retries: a quota or the death of an owner does not. */
    counts: z.boolean(),
    /** The provider is not used again for this node. */
    exclude: z.string().nullable(),
    /** What the next attempt goes on from; null: it starts afresh from the head of the run's branch. */
    carry: work.nullable(),
    /** Only the handoff has to be given again, in the session of this attempt. */
    repair: z.literal(true).optional(),
    /** The work goes on in the session of this attempt. */
    told: z.literal(true).optional(),
  }),
  z.object({
    type: z.literal('node.failed'),
    node: z.string(),
    message: z.string(),
    findings: z.array(finding),
  }),
  z.object({ type: z.literal('node.blocked'), node: z.string(), by: z.string() }),
  z.object({ type: z.literal('node.stopped'), node: z.string() }),
  /** `by`: the node that had emitted it and withdraws it, `when`, or `person`. */
  z.object({ type: z.literal('node.skipped'), node: z.string(), by: z.string() }),
  /** Its worker is ended and goes on knowing this; without one, the next is told. */
  z.object({ type: z.literal('node.told'), node: z.string(), text: z.string() }),
  /** Nothing it needs stands in its way any more. */
  z.object({ type: z.literal('node.unblocked'), node: z.string() }),
  /** Its `when` is true: it may start, ask or expand. */
  z.object({ type: z.literal('node.admitted'), node: z.string() }),
  /** What was found out so far about these nodes counts no more, and they are done again. Commits that have landed stay. */
  z.object({
    type: z.literal('nodes.invalidated'),
    /** A gate node, or `person`. */
    by: z.string(),
    target: z.string(),
    /** The target and everything behind it, in the order of the run. */
    nodes: z.array(z.string()),
    /** What the invalidated nodes had emitted; their next answers may use these names again. */
    dropped: z.array(z.string()),
    reason: z.string(),
    findings: z.array(finding),
  }),
  z.object({
    type: z.literal('nodes.added'),
    by: z.string(),
    nodes: z.array(nodeSpec),
    cycle: z.number().int().nullable(),
  }),
  z.object({
    type: z.literal('review.judged'),
    node: z.string(),
    cycle: z.number().int(),
    findings: z.array(finding),
    judgement,
  }),
  z.object({
    type: z.literal('lane.closed'),
    provider: z.string(),
    profile: z.string().nullable(),
    until: z.number(),
    reason: z.string(),
  }),
  z.object({ type: z.literal('run.asked'), request }),
  z.object({
    type: z.literal('run.answered'),
    id: z.string(),
    choice: z.string(),
    text: z.string(),
  }),
  /** Nothing is started or landed until the run is resumed. `stop`: workers end, and their nodes wait. */
  z.object({ type: z.literal('run.paused'), workers: z.enum(['finish', 'stop']) }),
  /** A run that was paused, invalidated or exhausted goes on under these ceilings. */
  z.object({ type: z.literal('run.resumed'), budget: limit }),
  z.object({ type: z.literal('run.stopping'), node: z.string().nullable(), force: z.boolean() }),
  /** The integrated tree against the run's gates. */
  z.object({
    type: z.literal('run.verified'),
    commit: z.string(),
    tree: z.string(),
    verdicts: z.array(verdict),
    receipt: z.string(),
  }),
  z.object({
    type: z.literal('run.refused'),
    commit: z.string(),
    tree: z.string(),
    verdicts: z.array(verdict),
  }),
  z.object({
    type: z.literal('land.asked'),
    how: landHow,
    target: z.string().nullable(),
  }),
  /** A branch of the user is about to move; the next owner looks whether it has. */
  z.object({
    type: z.literal('land.started'),
    target: z.string(),
    from: z.string(),
    to: z.string(),
  }),
  z.object({
    type: z.literal('run.landed'),
    how: landHow,
    target: z.string().nullable(),
    commit: z.string().nullable(),
    /** Where the target was before, the same as `commit` where nothing had to move; older events of a merge do not have it. */
    from: z.string().nullable().optional(),
    /** Of the pull request that was opened, or closed. */
    url: z.string().optional(),
  }),
  z.object({ type: z.literal('land.refused'), code: z.string(), message: z.string() }),
  z.object({ type: z.literal('run.finished'), outcome, reason: z.string() }),
]);
export type RunEvent = z.infer<typeof runEvent>;

/** `seq` counts from 1 within the run without gaps; `at` is ms since 1970. */
export type Recorded = { runId: string; seq: number; at: number; epoch: number; event: RunEvent };
