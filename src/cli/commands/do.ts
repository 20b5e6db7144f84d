import { Option } from 'commander';
import { z } from 'zod';
import { landWish } from '../../core/landing.ts';
import { amount, wholeNumber } from '../amount-flags.ts';
import { runCommandCall } from '../command-call.ts';
import type { RegisterCommand } from '../cli-deps.ts';
import { readGoal } from '../read-goal.ts';
import { doGoal, type DoFlags } from '../do-goal.ts';

const flags = z.object({
  yes: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  detach: z.boolean().default(false),
  land: landWish.optional(),
  maxCycles: z.number().optional(),
  gate: z.array(z.string()).optional(),
  provider: z.string().optional(),
  planner: z.string().optional(),
  worker: z.string().optional(),
  reviewer: z.string().optional(),
  model: z.string().optional(),
  concurrency: z.number().optional(),
  budgetUsd: z.number().optional(),
  budgetTokens: z.number().optional(),
  timeout: z.string().optional(),
  clientKey: z.string().optional(),
}) satisfies z.ZodType<DoFlags>;

export const doCommand: RegisterCommand = (program, host) => {
  const command = program
    .command('do')
    .argument('<goal...>', 'what you want, in plain words; - reads it from stdin')
    .summary('plan a goal, do it with several agents, review, verify, land')
    .description(
      'A planner looks at the repository and cuts the goal into nodes; you see the plan and say yes; agents do them in parallel, each in its own worktree; every result passes its gates; a reviewer looks at the whole; what is verified lands.',
    )
    .option('-y, --yes', 'do not ask before the plan is executed')
    .option('--dry-run', 'stop after the plan')
    .option('--detach', 'print the run id and leave')
    .addOption(
      new Option(
        '--land <how>',
        'where the result goes (default: merge when the checkout is clean, else branch)',
      ).choices(landWish.options),
    )
    .option('--max-cycles <number>', 'at most so many reviews (default: 5)', wholeNumber)
    .option(
      '--gate <command>',
      'a command the result must pass; may be given several times',
      collect,
    )
    .option('--provider <name>', 'one provider for everything')
    .option('--planner <name>', 'who plans: provider or provider:profile')
    .option('--worker <name>', 'who does the work')
    .option('--reviewer <name>', 'who reviews')
    .option('--model <name>', 'model of the workers')
    .option('--concurrency <number>', 'at most so many agents at once', wholeNumber)
    .option('--budget, --budget-usd <number>', 'at most so many US dollars', amount)
    .option('--budget-tokens <number>', 'at most so many tokens', wholeNumber)
    .option('--timeout <duration>', 'of one attempt, such as 90s, 15m or 2h')
    .option('--client-key <key>', 'the same key again is the same run')
    .action(async (words: string[]) => {
      const given = flags.parse(command.opts());
      await runCommandCall(command, host, async (call) =>
        doGoal(await readGoal(words, process.stdin), given, call),
      );
    });
};

function collect(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}
