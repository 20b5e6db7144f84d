import { z } from 'zod';
import { countOf, durationMs, sizeBytes } from '../core/amount.ts';
import { json } from '../core/json.ts';
import { nodeName, role } from '../core/names.ts';

/** A number written for people, as a whole number of the smallest unit. */
function amount(read: (text: string | number) => number | null, what: string) {
  return z.union([z.string(), z.number()]).transform((text, context) => {
    const value = read(text);
    if (value !== null) return value;
    context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is no ${what}` });
    return z.NEVER;
  });
}

const duration = amount(durationMs, 'duration such as 90s, 15m or 2h');
const size = amount(sizeBytes, 'size such as 20KB or 5MB');
const count = amount(countOf, 'count such as 1000, 200K or 5M');

/** null: no limit of this kind. */
const budget = z
  .strictObject({ usd: z.number().positive().optional(), tokens: count.optional() })
  .transform(({ usd, tokens }) => ({ usd: usd ?? null, tokens: tokens ?? null }));

const routeFields = {
  provider: z.string().min(1).optional(),
  profile: z.string().min(1).optional(),
  model: z.string().min(1).optional(),
  effort: z.string().min(1).optional(),
};

const limitFields = {
  timeout: duration.optional(),
  idle_timeout: duration.optional(),
  retries: z.number().int().min(0).max(20).optional(),
};

export const workflowScope = z.union([
  z.literal('any'),
  z.strictObject({
    allow: z.array(z.string()),
    deny: z.array(z.string()).optional(),
    max_diff_lines: z.number().int().positive().optional(),
  }),
]);

export type WorkflowScope = z.infer<typeof workflowScope>;

const gate = z.union([
  z.string().min(1),
  z.strictObject({ command: z.string().min(1), timeout: duration.optional() }),
]);

export type WorkflowGate = z.infer<typeof gate>;

const needs = z.array(z.string()).optional();

const agentNode = z.strictObject({
  kind: z.literal('agent').optional(),
  needs,
  role: role.optional(),
  task: z.string(),
  write: z.boolean().optional(),
  scope: workflowScope.optional(),
  gates: z.array(gate).optional(),
  ...routeFields,
  ...limitFields,
  budget: budget.optional(),
  /** JSON Schema of the handoff, in place of the role's contract. */
  output: z.record(z.string(), json).optional(),
  output_limits: z
    .strictObject({
      max_bytes: size.optional(),
    })
    .optional(),
});

const commandNode = z.strictObject({
  kind: z.literal('command'),
  needs,
  run: z.string(),
  write: z.boolean().optional(),
  scope: workflowScope.optional(),
  gates: z.array(gate).optional(),
  ...limitFields,
});

const approvalNode = z.strictObject({
  kind: z.literal('approval'),
  needs,
  ask: z.string().min(1),
});

export const workflowNode = z.discriminatedUnion('kind', [agentNode, commandNode, approvalNode]);
export type WorkflowNode = z.infer<typeof workflowNode>;

const inputTypes = ['string', 'number', 'boolean', 'list'] as const;

export const workflowInput = z.strictObject({
  type: z.enum(inputTypes),
  description: z.string().optional(),
  required: z.boolean().optional(),
  default: z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]).optional(),
});
export type WorkflowInput = z.infer<typeof workflowInput>;

/** A workflow file as it is written. */
export const workflowFile = z.strictObject({
  version: z.literal(1),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'a workflow name has 1 to 64 of a-z, 0-9, - and _'),
  description: z.string().optional(),
  inputs: z
    .record(
      z.string().regex(/^[a-z_][a-z0-9_]{0,63}$/, 'an input name has 1 to 64 of a-z, 0-9 and _'),
      workflowInput,
    )
    .optional(),
  defaults: z
    .strictObject({ ...routeFields, ...limitFields, budget: budget.optional() })
    .optional(),
  budget: budget.optional(),
  concurrency: z.number().int().min(1).max(64).optional(),
  land: z.enum(['branch', 'merge', 'none']).optional(),
  nodes: z.record(nodeName, workflowNode),
});
export type WorkflowFile = z.infer<typeof workflowFile>;
