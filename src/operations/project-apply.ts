import { z } from 'zod';
import { counted, size } from './amounts.ts';
import { defineOperation } from './operation.ts';

/** Runs that ended so long ago are old unless the call says otherwise. */
export const oldDays = 30;

export const applyInput = z.strictObject({
  action: z.enum(['init', 'clean', 'archive', 'migrate', 'policy']),
  older_than_days: z.number().min(0).default(oldDays),
  dry_run: z
    .boolean()
    .default(true)
    .meta({ description: 'show only', off: 'do it (without this it is only shown)' }),
  remove: z.boolean().default(false).describe('policy: take it out'),
});

export const applyOutput = z.object({
  action: applyInput.shape.action,
  dry_run: z.boolean(),
  steps: z.array(
    z.object({
      what: z.string(),
      path: z.string(),
      bytes: z.number(),
      /** What is left of it where it was moved or compressed. */
      bytes_after: z.number().optional(),
      age_days: z.number().optional(),
      /** Why it was not done. */
      refused: z.string().optional(),
      /** What a written file would get, as a diff. */
      diff: z.string().optional(),
    }),
  ),
  more: z.number().optional(),
  bytes: z.number(),
  bytes_after: z.number().optional(),
  kept: z.array(z.object({ path: z.string(), why: z.string() })),
  next: z.string().optional(),
});

export const projectApply = defineOperation({
  name: 'project_apply',
  title: 'Tidy the workspace',
  summary:
    'init the workspace, clean (worktrees of old runs, parked first), archive old runs, migrate folders of earlier orchestrators, or put a section for workers into CLAUDE.md and AGENTS.md (policy).',
  kind: 'destroy',
  toolset: 'governance',
  searchHint: 'clean up, free disk space',
  positional: 'action',
  input: applyInput,
  output: applyOutput,
  run: async (input, context) => (await import('./tidy-project.ts')).tidyProject(input, context),
  render: ({ action, dry_run, steps, more, bytes, bytes_after, kept, next }) =>
    [
      steps.length === 0
        ? `${action}: nothing to do`
        : `${action}: ${counted(steps.length + (more ?? 0), 'step')}, ${sizes(bytes, bytes_after)}${dry_run ? ', nothing done yet' : ''}`,
      ...steps.flatMap((step) => [
        `  ${step.refused === undefined ? (dry_run ? '·' : '✓') : '✗'} ${step.what} ${step.path}${step.bytes === 0 ? '' : ` ${sizes(step.bytes, step.bytes_after)}`}${step.age_days === undefined ? '' : `, ${counted(step.age_days, 'day')} old`}${step.refused === undefined ? '' : `: not done, ${step.refused}`}`,
        ...(step.diff === undefined ? [] : step.diff.split('\n').map((line) => `      ${line}`)),
      ]),
      ...(more === undefined ? [] : [`  … ${more} more`]),
      ...kept.map(({ path, why }) => `  kept ${path}: ${why}`),
      ...(next === undefined ? [] : [next]),
    ].join('\n'),
  exitCode: ({ steps }) => (steps.some(({ refused }) => refused !== undefined) ? 1 : 0),
});

function sizes(before: number, after: number | undefined): string {
  return after === undefined || after === before
    ? size(before)
    : `${size(before)} → ${size(after)}`;
}
