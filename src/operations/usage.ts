import { z } from 'zod';
import { count, duration, money } from './amounts.ts';
import { defineOperation } from './operation.ts';

export const usageInput = z.strictObject({
  by: z.enum(['run', 'node', 'day', 'provider', 'model', 'role']).default('run'),
  since: z.string().default('30d').describe('7d, 12h or a date'),
  run_id: z.string().optional(),
});

const used = z.object({
  key: z.string(),
  attempts: z.number(),
  /** Whose result was not proved. */
  failed: z.number(),
  running: z.number().optional(),
  /** null: nothing of it reports money. */
  usd: z.number().nullable(),
  /** Attempts that report no money; their tokens count all the same. */
  unpriced: z.number().optional(),
  tokens: z.number(),
  cached: z.number(),
  time_s: z.number(),
});

const ceiling = z.object({
  /** `day`, or the run. */
  of: z.string(),
  unit: z.enum(['usd', 'tokens']),
  ceiling: z.number(),
  charged: z.number(),
  left: z.number(),
});

export const usageOutput = z.object({
  by: usageInput.shape.by.unwrap(),
  since: z.string(),
  rows: z.array(used),
  more: z.number().optional(),
  total: used.omit({ key: true }),
  lanes: z.array(
    z.object({
      lane: z.string(),
      state: z.string(),
      /** Share of the plan's window that was used when its CLI last said so, 0 to 1. */
      used: z.number().nullable(),
      resets_at: z.string().nullable(),
    }),
  ),
  budgets: z.array(ceiling),
});
type Used = z.output<typeof used>;

export const usage = defineOperation({
  name: 'usage',
  title: 'Show what agents cost',
  summary:
    'Money, tokens, time, attempts and failures by run, node, day, provider, model or role; quotas; what is left of the budgets.',
  kind: 'read',
  toolset: 'core',
  searchHint: 'cost so far, tokens used, quota',
  positional: 'run_id',
  input: usageInput,
  output: usageOutput,
  run: async (input, context) => (await import('./read-usage.ts')).readUsage(input, context),
  render: ({ by, since, rows, more, total, lanes, budgets }) =>
    [
      `since ${since.slice(0, 10)}: ${amounts(total)}`,
      ...table(by, rows),
      ...(more === undefined ? [] : [`… ${more} more`]),
      ...lanes.map(
        ({ lane, state, used: share, resets_at }) =>
          `lane ${lane}: ${state}${share === null ? '' : `, ${Math.round(share * 100)} % used`}${resets_at === null ? '' : `, resets ${resets_at}`}`,
      ),
      ...budgets.map(
        ({ of, unit, ceiling: most, charged, left }) =>
          `budget of ${of}: ${shown(charged, unit)} of ${shown(most, unit)} charged, ${shown(left, unit)} left`,
      ),
    ].join('\n'),
});

function table(by: string, rows: readonly Used[]): string[] {
  if (rows.length === 0) return [];
  const width = Math.max(by.length, ...rows.map(({ key }) => key.length));
  return rows.map((row) => `  ${row.key.padEnd(width)}  ${amounts(row)}`);
}

function amounts(row: Omit<Used, 'key'>): string {
  const priced = row.unpriced === undefined ? '' : ` (${row.unpriced} report no money)`;
  return [
    row.usd === null ? 'no money reported' : `${money(row.usd)}${priced}`,
    `${count(row.tokens)} tokens`,
    `${row.attempts} ${row.attempts === 1 ? 'attempt' : 'attempts'}`,
    ...(row.failed === 0 ? [] : [`${row.failed} failed`]),
    ...(row.running === undefined ? [] : [`${row.running} at work`]),
    duration(row.time_s * 1000),
  ].join(' · ');
}

function shown(amount: number, unit: 'usd' | 'tokens'): string {
  return unit === 'usd' ? money(amount) : `${count(amount)} tokens`;
}
