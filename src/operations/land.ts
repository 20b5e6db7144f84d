import { z } from 'zod';
import { landHow } from '../core/landing.ts';
import { landedText } from './landed-text.ts';
import { defineOperation } from './operation.ts';

export const landOutput = z.object({
  run_id: z.string(),
  how: landHow,
  landed: z.boolean(),
  target: z.string().nullable(),
  commit: z.string().nullable(),
  /** Where the target was before; equal to `commit` where nothing had to move. */
  from: z.string().nullable(),
  /** Of the pull request. */
  url: z.string().nullable(),
  /** Of the tree that was gated as a whole, relative to the project. */
  receipt: z.string().nullable(),
  /** Why it did not land. */
  refused: z.string().nullable(),
  next: z.string().optional(),
});

export const land = defineOperation({
  name: 'land',
  title: 'Land the work of a run',
  summary:
    'Land a finished run: branch leaves its commits on mo/<run>, merge merges them once gates pass, pr pushes them and opens a pull request, rollback takes that back, discard parks them. All but branch need confirm.',
  kind: 'destroy',
  toolset: 'core',
  searchHint: 'merge result, integrate',
  positional: 'run_id',
  input: z.strictObject({
    run_id: z.string(),
    how: landHow.default('branch'),
    target: z.string().optional().describe('Default: the branch it started from'),
    confirm: z.boolean().default(false),
  }),
  output: landOutput,
  run: async (input, context) => (await import('./land-run.ts')).landRun(input, context),
  render: (output) =>
    [
      output.landed
        ? `${output.run_id}: ${landedText(output)}${remarkOn(output)}`
        : `${output.run_id} has not landed: ${output.refused ?? 'still at it'}`,
      ...(output.next === undefined ? [] : [output.next]),
    ].join('\n'),
  exitCode: ({ landed }) => (landed ? 0 : 1),
});

function remarkOn({ how, from, commit }: z.output<typeof landOutput>): string {
  if (how === 'pr') return ' · merges cleanly into what is known of its target here';
  return how === 'rollback' && commit !== null && from === commit
    ? ', where it was taken back before'
    : '';
}
