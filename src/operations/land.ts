import { z } from 'zod';
import { defineOperation } from './operation.ts';

export const landOutput = z.object({
  run_id: z.string(),
  how: z.enum(['branch', 'merge', 'discard']),
  landed: z.boolean(),
  target: z.string().nullable(),
  commit: z.string().nullable(),
  /** The receipt of the gated tree, relative to the workspace. */
  receipt: z.string().nullable(),
  /** Why it did not land. */
  refused: z.string().nullable(),
  next: z.string().optional(),
});

export const land = defineOperation({
  name: 'land',
  title: 'Land the work of a run',
  summary:
    'Land a finished run: branch leaves its commits on mo/<run>, merge merges them once the gates pass on the merged tree, discard parks them. merge and discard need confirm.',
  kind: 'destroy',
  toolset: 'core',
  searchHint: 'merge result, integrate',
  positional: 'run_id',
  input: z.strictObject({
    run_id: z.string(),
    how: z.enum(['branch', 'merge', 'discard']).default('branch'),
    target: z.string().optional().describe('Default: the branch it started from'),
    confirm: z.boolean().default(false),
  }),
  output: landOutput,
  run: async (input, context) => (await import('./land-run.ts')).landRun(input, context),
  render: ({ run_id, how, landed, target, commit, refused, next }) =>
    [
      landed
        ? `${run_id}: ${how}${target === null ? '' : ` ${target}`}${commit === null ? '' : ` at ${commit.slice(0, 10)}`}`
        : `${run_id} has not landed: ${refused ?? 'still at it'}`,
      ...(next === undefined ? [] : [next]),
    ].join('\n'),
  exitCode: ({ landed }) => (landed ? 0 : 1),
});
