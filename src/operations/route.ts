import { z } from 'zod';
import type { OperationContext } from './context.ts';
import { budget } from './run.ts';
import { role } from '../core/names.ts';
import { keyOf } from '../core/routing.ts';
import { route as routeSchema } from '../core/worker.ts';
import { wishedWorker } from '../core/worker-name.ts';
import { defineOperation } from './operation.ts';

const candidate = z.object({
  route: z.string(),
  model: z.string().nullable(),
  score: z.number(),
  /** US dollars per million tokens: as mo.yaml says, else the list price where it is known. */
  price: z.object({ input: z.number(), output: z.number() }).nullable(),
  lane: z.string(),
});

export const route = defineOperation({
  name: 'route',
  title: 'Say who would do a task',
  summary:
    'Which agent, profile, model and effort a task would get now, why, and the other candidates. Starts nothing.',
  kind: 'read',
  toolset: 'core',
  searchHint: 'which model should I use, price',
  input: z.strictObject({
    task: z.string().optional(),
    role: role.meta({ brief: true }).default('implementation').describe('As for run'),
    write: z.boolean().default(false),
    provider: z.string().optional(),
    profile: z.string().optional(),
    model: z.string().optional(),
    budget: budget.optional(),
  }),
  output: z.object({
    choice: routeSchema,
    reasons: z.array(z.string()),
    candidates: z.array(candidate),
    /** Who cannot have it, and why. */
    left_out: z.array(z.string()),
    next: z.string(),
  }),
  run: async (input, context) => {
    const [{ chooseRoute, laneText }, { priceOf }] = await Promise.all([
      import('./choose-route.ts'),
      import('./price-of.ts'),
    ]);
    const wish = {
      role: input.role,
      write: input.write,
      ...wishedWorker(input),
      model: input.model ?? null,
      effort: null,
      budget: { usd: input.budget?.usd ?? null, tokens: input.budget?.tokens ?? null },
    };
    const { choice, reasons, candidates, left } = await chooseRoute(wish, context);
    const { settings } = await context.settings();
    return {
      choice,
      reasons: [...reasons, ...(await budgetReasons(input.budget?.usd, choice.provider, context))],
      candidates: candidates.slice(0, 10).map((one) => {
        const price = priceOf(one.route, settings);
        return {
          route: keyOf(one.route),
          model: one.route.model,
          score: one.score,
          price: price === null ? null : { input: price.input, output: price.output },
          lane: laneText(one, context.clock.now()),
        };
      }),
      left_out: left.slice(0, 10),
      next: 'Start it with the same fields: run {task}',
    };
  },
  render: ({ choice, reasons, candidates, left_out }) =>
    [
      `${keyOf(choice)}${choice.model === null ? '' : ` ${choice.model}`} (${choice.mode}): ${reasons.join('; ')}`,
      ...candidates.map((one) => `  ${one.route} · score ${one.score} · ${one.lane}`),
      ...left_out.map((one) => `  left out: ${one}`),
    ].join('\n'),
});

/** How a budget of money is kept with a CLI that does not say what it spends. */
async function budgetReasons(
  usd: number | undefined,
  provider: string,
  context: OperationContext,
): Promise<string[]> {
  const chosen = (await context.providers()).find(({ name }) => name === provider);
  if (usd === undefined || chosen === undefined || chosen.abilities.money) return [];
  return [`${provider} reports no money, so an attempt counts as all that was set aside for it`];
}
