import { z } from 'zod';
import { countOf, durationMs, sizeBytes } from '../core/amount.ts';
import { json } from '../core/json.ts';
import { landWish } from '../core/landing.ts';
import { nodeName, role } from '../core/names.ts';

/** A number written for people, as a whole number of the smallest unit. The pattern is for editors; `read` decides. */
function amount(read: (text: string | number) => number | null, what: string, pattern: string) {
  return z
    .union([z.string().meta({ pattern }), z.number().meta({ exclusiveMinimum: 0 })])
    .transform((text, context) => {
      const value = read(text);
      if (value !== null) return value;
      context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is no ${what}` });
      return z.NEVER;
    });
}

const number = '^ *[0-9]{1,12}(\\.[0-9]{1,6})? ?';
const duration = amount(
  durationMs,
  'duration such as 90s, 15m or 2h',
  `${number}([mM][sS]|[sSmMhHdD])? *$`,
);
const size = amount(sizeBytes, 'size such as 20KB or 5MB', `${number}([kKmMgG]?[bB])? *$`);
const count = amount(countOf, 'count such as 1000, 200K or 5M', `${number}[kKmMgG]? *$`);

/** null: no limit of this kind. */
export const workflowBudget = z
  .strictObject({
    usd: z
      .number()
      .positive('a budget is above 0; leave it out where there is no limit')
      .optional()
      .describe('US dollars'),
    tokens: count.optional().describe('Tokens in and out, such as 200K or 5M'),
  })
  .transform(({ usd, tokens }) => ({ usd: usd ?? null, tokens: tokens ?? null }));

const routeFields = {
  provider: z
    .string()
    .min(1)
    .optional()
    .describe('Fixes the worker CLI, such as claude or codex; with a profile: claude:fast'),
  profile: z.string().min(1).optional().describe('A profile of that provider in mo.yaml'),
  model: z.string().min(1).optional().describe('A model of that provider'),
  effort: z.string().min(1).optional().describe('How hard the model thinks, in its own words'),
};

const limitFields = {
  timeout: duration
    .optional()
    .describe('Of one attempt: 90s, 15m, 2h. A bare number counts seconds'),
  idle_timeout: duration.optional().describe('Of silence while no tool runs'),
  retries: z
    .number()
    .int()
    .min(0)
    .max(20)
    .optional()
    .describe('Further attempts after a failed one'),
};

const pattern = z.string().describe('A glob or a path, relative to the repository');

export const workflowScope = z
  .union([
    z.literal('any').describe('Everything in the repository'),
    z.strictObject({
      allow: z.array(pattern).describe('What may be changed; a folder means what is below it'),
      deny: z.array(pattern).optional().describe('Exceptions from allow'),
      max_diff_lines: z
        .number()
        .int()
        .positive()
        .optional()
        .describe('Lines added and deleted together'),
    }),
  ])
  .describe('The paths a node may change; required when it writes');

export type WorkflowScope = z.infer<typeof workflowScope>;

const gate = z.union([
  z.string().min(1).describe('A shell command; exit code 0 passes'),
  z.strictObject({
    command: z.string().min(1).describe('A shell command; exit code 0 passes'),
    timeout: duration.optional().describe('Of the command'),
  }),
]);

export type WorkflowGate = z.infer<typeof gate>;

const gates = z.array(gate).optional().describe('Commands the result must pass');

const expression = z.string().min(1);

const commonFields = {
  needs: z
    .array(z.string())
    .optional()
    .describe('Nodes that must be finished first; their handoffs are given to this one'),
  when: expression
    .optional()
    .describe(
      'CEL over the handoffs of needs, inputs and run: the node is skipped when it is not true',
    ),
  part: z
    .strictObject({
      of: z.string().min(1).max(64).describe('The list, in a word'),
      n: z.number().int().min(1).describe('From 1'),
      total: z.number().int().min(1).max(10_000),
    })
    .refine(({ n, total }) => n <= total, 'n is not above total')
    .optional()
    .describe('The entry of a list it works on, for the progress of the run; for_each writes it'),
};

const writeFields = {
  write: z.boolean().optional().describe('Whether it may change files; false unless said'),
  scope: workflowScope.optional(),
  gates,
};

const agentFields = {
  role: role.optional().describe('The kind of work; implementation unless said'),
  task: z.string().describe('What the worker is asked; ${inputs.name} is filled in'),
  ...writeFields,
  ...routeFields,
  ...limitFields,
  budget: workflowBudget.optional().describe('Of one attempt'),
  output: z
    .record(z.string(), json)
    .optional()
    .describe('JSON Schema of the handoff, in place of the contract of the role'),
  output_limits: z
    .strictObject({
      max_bytes: size.optional().describe('A worker that writes more is ended'),
      soft_bytes: size.optional().describe('One that writes more gets the flag `verbose`'),
      final_only: z.boolean().optional().describe('It says and leaves nothing but its answer'),
    })
    .optional()
    .describe('What a worker may print'),
};

const commandFields = {
  run: z.string().describe('A shell command; nothing is filled in'),
  ...writeFields,
  ...limitFields,
};

const agentNode = z
  .strictObject({
    kind: z.literal('agent').optional(),
    ...commonFields,
    ...agentFields,
    emit: z
      .enum(['nodes', 'review'])
      .optional()
      .describe(
        'nodes: its handoff, that of a planner, carries more nodes for the running graph; review: what blocks in its findings is mended by nodes that are added, and reviewed again',
      ),
  })
  .describe('A worker with a task');

const commandNode = z
  .strictObject({ kind: z.literal('command'), ...commonFields, ...commandFields })
  .describe('A shell command in a worktree on the branch of the run');

const gateNode = z
  .strictObject({
    kind: z.literal('gate'),
    ...commonFields,
    pass_when: z.array(expression).min(1).describe('CEL; all must be true'),
    on_fail: z
      .strictObject({
        retry: z.string().describe('A node before this gate; it and all after it are done again'),
        max_retries: z
          .number()
          .int()
          .min(1)
          .max(20)
          .optional()
          .describe('How often this gate may send back; 2 unless said'),
      })
      .optional()
      .describe('What happens when it does not pass; without it the gate fails'),
  })
  .describe('Goes on only when expressions over handoffs are true');

const itemNode = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('agent').optional(), ...agentFields }),
    z.strictObject({ kind: z.literal('command'), ...commandFields }),
  ])
  .describe('What every item becomes; ${<as>} stands for it in task and scope');
export type WorkflowItem = z.infer<typeof itemNode>;

const mapNode = z
  .strictObject({
    kind: z.literal('map'),
    ...commonFields,
    over: z
      .union([expression, z.array(z.string()).min(1)])
      .describe(
        'The items: a list, or CEL that gives one, such as files("src/**"), lines(path), json(path), jsonl(path), csv(path), inputs.x or a field of a handoff',
      ),
    as: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,63}$/, 'a name of items has 1 to 64 of a-z, 0-9 and _')
      .optional()
      .describe('The name of an item in the template; item unless said'),
    batch: z.number().int().min(1).max(1_000).optional().describe('Items for one worker; 1'),
    concurrency: z
      .number()
      .int()
      .min(1)
      .max(64)
      .optional()
      .describe('Workers of this map at once, within the concurrency of the run; 16'),
    limit: z.number().int().positive().optional().describe('Only the first so many items'),
    sample: z.number().int().positive().optional().describe('So many items spread over the list'),
    node: itemNode,
  })
  .describe('The same work for every item of a list');

const approvalNode = z
  .strictObject({
    kind: z.literal('approval'),
    ...commonFields,
    ask: z.string().min(1).describe('A question to a person; ${inputs.name} is filled in'),
  })
  .describe('Waits for the answer of a person');

const workflowNode = z.discriminatedUnion('kind', [
  agentNode,
  commandNode,
  gateNode,
  mapNode,
  approvalNode,
]);
export type WorkflowNode = z.infer<typeof workflowNode>;

const inputTypes = ['string', 'number', 'boolean', 'list', 'items'] as const;

export const workflowInput = z.strictObject({
  type: z
    .enum(inputTypes)
    .describe(
      'list: of texts; items: of texts, numbers or rows, or the path of a CSV, JSON, JSONL or text file with them, read when the run starts',
    ),
  description: z.string().optional(),
  required: z.boolean().optional().describe('true unless said'),
  default: z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]).optional(),
});
export type WorkflowInput = z.infer<typeof workflowInput>;

/** A workflow file as it is written. Types, checks and `schema/workflow.json` come from here. */
export const workflowFile = z
  .strictObject({
    $schema: z.string().optional().describe('For editors'),
    version: z.literal(1),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'a workflow name has 1 to 64 of a-z, 0-9, - and _'),
    description: z
      .string()
      .optional()
      .describe('The goal of the run when there is neither goal nor an input called so'),
    goal: z.string().min(1).optional().describe('What the run is for; ${inputs.name} is filled in'),
    inputs: z
      .record(
        z.string().regex(/^[a-z_][a-z0-9_]{0,63}$/, 'an input name has 1 to 64 of a-z, 0-9 and _'),
        workflowInput,
      )
      .optional()
      .describe('What is given when the workflow is started'),
    defaults: z
      .strictObject({
        ...routeFields,
        ...limitFields,
        budget: workflowBudget.optional().describe('Of one attempt'),
        gates: gates.describe('Commands that nodes which write and name none must pass'),
      })
      .optional()
      .describe('For nodes that say nothing themselves'),
    emitted: z
      .strictObject({
        ...routeFields,
        ...limitFields,
        budget: workflowBudget.optional().describe('Of one attempt'),
      })
      .optional()
      .describe('For nodes that are added while the run goes on, in place of defaults'),
    gates: z
      .array(z.string().regex(/\S/, 'a command is not empty'))
      .optional()
      .describe(
        'Commands the whole must pass before it lands, and all that emitted nodes may name; those of mo.yaml unless said',
      ),
    max_cycles: z
      .number()
      .int()
      .min(1)
      .max(20)
      .optional()
      .describe('Rounds of review before a person is asked; 5 unless said'),
    confirm: z
      .enum(['yes', 'ask'])
      .optional()
      .describe('ask: nodes of a plan wait for a person; yes unless said'),
    budget: workflowBudget.optional().describe('Of the run; a ceiling'),
    concurrency: z.number().int().min(1).max(64).optional().describe('Workers at once; 4'),
    max_nodes: z
      .number()
      .int()
      .min(1)
      .max(20_000)
      .optional()
      .describe('Nodes the run may grow to; 1,000 unless said, 11,000 with maps'),
    land: landWish
      .optional()
      .describe(
        'What becomes of the work: a branch of its own, a merge, a pull request, or nothing',
      ),
    nodes: z.record(nodeName, workflowNode).describe('By name: 1 to 64 of a-z, 0-9, - and _'),
  })
  .describe('A workflow of mo: a graph of nodes, checked before anything runs');
export type WorkflowFile = z.infer<typeof workflowFile>;
