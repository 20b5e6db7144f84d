import { z } from 'zod';
import { role } from '../core/names.ts';
import { defineOperation } from './operation.ts';

export const handoffOutput = z.object({
  role,
  /** validate: whether it fits. */
  ok: z.boolean().optional(),
  errors: z.array(z.object({ field: z.string(), what: z.string(), fix: z.string() })).optional(),
  status: z.string().nullable().optional(),
  blocking_count: z.number().optional(),
  contract: z.unknown().optional(),
  example: z.unknown().optional(),
  /** repair: what to tell the worker. read: a page of the handoff as JSON text. */
  text: z.string().optional(),
  attempt: z.number().optional(),
  /** Whether the handoff that is read is history: its node was started again after it. */
  stale: z.boolean().optional(),
  attempts: z.array(z.object({ attempt: z.number(), state: z.string() })).optional(),
  cursor: z.number().optional(),
  bytes: z.number().optional(),
  next: z.string().optional(),
});

export const handoffInput = z.strictObject({
  action: z.enum(['template', 'validate', 'repair', 'read']),
  role: role.meta({ brief: true }).optional().describe('Or that of run_id/node'),
  run_id: z.string().optional(),
  node: z.string().optional(),
  handoff: z.unknown().optional().describe('JSON or text'),
  file: z.string().optional().describe('Or a file'),
  cursor: z.number().int().min(0).default(0),
});

export const handoff = defineOperation({
  name: 'handoff',
  title: 'Read or check a handoff',
  summary:
    'The structured result an agent gives to the nodes after it. template: contract and example of a role. validate: does it fit. repair: the prompt that asks for it again. read: that of a node.',
  kind: 'read',
  toolset: 'workflow',
  searchHint: 'contract, schema of agent result, findings',
  positional: ['action', 'handoff'],
  fromStdin: { given: 'handoff', as: 'handoff' },
  input: handoffInput,
  output: handoffOutput,
  run: async (input, context) => (await import('./handoff-actions.ts')).useHandoff(input, context),
  render: ({ role: of, ok, errors, status, text, attempt, stale, contract, example, next }) =>
    [
      ...(ok === undefined
        ? []
        : [ok ? `fits the contract of ${of}, status ${status}` : misfit(of)]),
      ...(errors ?? []).map(({ field, what, fix }) => `${field} ${what} ${fix}`.trim()),
      ...(text === undefined ? [] : [text.trimEnd()]),
      ...(contract === undefined ? [] : [`contract of ${of}:`, JSON.stringify(contract, null, 1)]),
      ...(example === undefined ? [] : ['example:', JSON.stringify(example, null, 1)]),
      ...(stale === true
        ? [`[stale: the node was to be done again after attempt ${attempt}]`]
        : []),
      ...(next === undefined ? [] : [`[${next}]`]),
    ].join('\n'),
  exitCode: ({ ok }) => (ok === false ? 1 : 0),
});

function misfit(of: string): string {
  return `does not fit the contract of ${of}`;
}
