import { z } from 'zod';
import { role } from '../core/names.ts';
import { defineOperation } from './operation.ts';

export const promptsInput = z.strictObject({
  action: z.enum(['list', 'get', 'render']).default('list'),
  name: z.string().optional(),
  variables: z.record(z.string(), z.unknown()).optional(),
});

export const promptsOutput = z.object({
  /** `tasks/bugfix (bug, expected?, limits?): what it is for`; a `?` can be left out. */
  prompts: z.array(z.string()).optional(),
  name: z.string().optional(),
  role: role.nullable().optional(),
  variables: z
    .array(z.object({ name: z.string(), description: z.string(), default: z.string().nullable() }))
    .optional(),
  text: z.string().optional(),
  of: z.enum(['mo', 'project']).optional(),
  version: z.string().optional(),
  /** Texts of the project that do not count yet. */
  untrusted: z.array(z.string()).optional(),
  next: z.string().optional(),
});

export const prompts = defineOperation({
  name: 'prompts',
  title: 'List, read or fill in a prompt',
  summary:
    'Task texts (bugfix, security audit, migration, …) and the texts workers get; render fills one in as task of a run or node.',
  kind: 'read',
  toolset: 'workflow',
  searchHint: 'prompt templates, task texts',
  positional: ['action', 'name'],
  input: promptsInput,
  output: promptsOutput,
  run: async (input, context) => (await import('./use-prompts.ts')).usePrompts(input, context),
  render: (answer) =>
    [
      ...(answer.prompts ?? []),
      ...(answer.variables ?? []).map(
        (one) =>
          `{{${one.name}}} ${one.description}${one.default === null ? ' (required)' : `; else: ${one.default}`}`,
      ),
      ...(answer.text === undefined ? [] : [answer.text]),
      ...(answer.untrusted ?? []).map((file) => `not trusted yet: ${file}`),
      ...(answer.next === undefined ? [] : [`[${answer.next}]`]),
    ].join('\n'),
});
