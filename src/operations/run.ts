import { z } from 'zod';
import { role } from '../core/names.ts';
import { route } from '../core/worker.ts';
import { defineOperation } from './operation.ts';

export const budget = z.strictObject({
  usd: z.number().positive().optional(),
  tokens: z.number().int().positive().optional(),
});

const scope = z.strictObject({
  allow: z.array(z.string()).optional(),
  deny: z.array(z.string()).optional(),
  max_diff_lines: z.number().int().positive().optional(),
});

export const runInput = z.strictObject({
  task: z.string().describe('Self-contained: the worker sees nothing else'),
  role: role.default('implementation'),
  provider: z.string().optional(),
  profile: z.string().optional(),
  model: z.string().optional(),
  effort: z.string().optional(),
  write: z.boolean().default(false),
  scope: scope.optional().describe('Globs it may change; else all'),
  gates: z.array(z.string()).optional().describe('Shell commands its result must pass'),
  context: z.string().optional(),
  timeout_s: z.number().positive().default(900),
  idle_timeout_s: z.number().positive().default(300),
  budget: budget.optional(),
  output: z
    .strictObject({
      max_bytes: z.number().int().positive().optional(),
      soft_bytes: z.number().int().positive().optional(),
      final_only: z.boolean().optional(),
    })
    .optional(),
  resume: z.string().optional().describe('run_id/node whose session to continue'),
  client_key: z.string().max(200).optional().describe('Same key: same run'),
});

export const run = defineOperation({
  name: 'run',
  title: 'Start one agent',
  summary:
    'Start one coding agent (Claude Code or Codex, chosen by role unless named) on one task; returns run_id at once. With write it works in its own git worktree, and its result is gated and put on a branch. Follow with poll, read with output.',
  kind: 'start',
  toolset: 'core',
  alwaysLoad: true,
  searchHint: 'delegate, subagent, ask codex, ask claude, second opinion',
  positional: 'task',
  fromStdin: { given: 'task', as: 'task' },
  input: runInput,
  output: z.object({
    run_id: z.string(),
    existed: z.boolean(),
    route,
    reasons: z.array(z.string()),
    cursor: z.string(),
    next: z.string(),
  }),
  run: async (input, context) => (await import('./start-worker.ts')).startWorker(input, context),
  render: (answer) =>
    `${answer.run_id} ${answer.existed ? 'exists already' : 'started'} on ${answer.route.provider}${answer.route.model === null ? '' : ` ${answer.route.model}`}\n${answer.next}`,
});
