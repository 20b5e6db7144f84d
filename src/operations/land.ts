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
  title: 'Bring the work of a run to its branch',
  summary:
    "Land a finished run: branch (default) leaves its verified commits on mo/<run>, merge merges them into the target branch after the run's gates passed on the merged tree, discard gives them up (parked under a ref, never lost). merge and discard need confirm true.",
  kind: 'destroy',
  toolset: 'core',
  searchHint: 'merge result, integrate work, finish, throw away',
  positional: 'run_id',
  input: z.strictObject({
    run_id: z.string(),
    how: z.enum(['branch', 'merge', 'discard']).default('branch'),
    target: z
      .string()
      .optional()
      .describe('Branch to merge into; default: the one the run started from'),
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
