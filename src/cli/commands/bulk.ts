import { Option } from 'commander';
import { z } from 'zod';
import { landWish } from '../../core/landing.ts';
import { amount, countFromZero, wholeNumber } from '../amount-flags.ts';
import { bulkItems, type BulkFlags } from '../bulk-items.ts';
import { runCommandCall } from '../command-call.ts';
import type { RegisterCommand } from '../cli-deps.ts';
import { readGoal } from '../read-goal.ts';

const flags = z.object({
  yes: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  detach: z.boolean().default(false),
  over: z.array(z.string()).optional(),
  list: z.array(z.string()).optional(),
  file: z.string().optional(),
  read: z.boolean().optional(),
  scope: z.array(z.string()).optional(),
  batch: z.number().optional(),
  concurrency: z.number().optional(),
  limit: z.number().optional(),
  sample: z.number().optional(),
  gate: z.array(z.string()).optional(),
  retries: z.number().optional(),
  timeout: z.string().optional(),
  role: z.string().optional(),
  provider: z.string().optional(),
  profile: z.string().optional(),
  model: z.string().optional(),
  land: landWish.optional(),
  budgetUsd: z.number().optional(),
  budgetTokens: z.number().optional(),
  fresh: z.boolean().optional(),
  clientKey: z.string().optional(),
}) satisfies z.ZodType<BulkFlags>;

export const bulk: RegisterCommand = (program, host) => {
  const command = program
    .command('bulk')
    .argument(
      '<task...>',
      'what is done with each item; {item} stands for it; - reads it from stdin',
    )
    .summary('one task for every file, entry of a list or row of a file')
    .description(
      'Does the same task for every item, each by a worker of its own: the files that globs match (--over), a list (--list), or what a CSV, JSON, JSONL or text file holds (--file). {item} in the task is the item, {item.name} a field of a row; a task that names none gets the item at its end. You see the items and say yes. An item that is a file may change that file and nothing else; what is verified lands.',
    )
    .option('--over <glob>', 'files of the repository; may be given several times', collect)
    .option('--list <items>', 'the items, separated by commas', collectParts)
    .option('--file <path>', 'a .csv, .json, .jsonl or .txt file with the items')
    .option('--read', 'change nothing')
    .option(
      '--scope <glob>',
      'what may be changed for an item (default: {item}); may be given several times',
      collect,
    )
    .option('--batch <number>', 'items for one worker (default: 1)', wholeNumber)
    .option('--concurrency <number>', 'at most so many agents at once (default: 16)', wholeNumber)
    .option('--limit <number>', 'only the first so many items', wholeNumber)
    .option('--sample <number>', 'so many items spread over the list', wholeNumber)
    .option('-y, --yes', 'do not ask before it starts')
    .option('--dry-run', 'only show the items, who would do them and what that may take')
    .option('--detach', 'print the run id and leave')
    .addOption(
      new Option(
        '--land <how>',
        'where the result goes (default: merge when the checkout is clean, else branch)',
      ).choices(landWish.options),
    )
    .option(
      '--gate <command>',
      'a command each result must pass; may be given several times',
      collect,
    )
    .option('--retries <number>', 'further attempts after a failed one', countFromZero)
    .option('--role <name>', 'the kind of work (default: implementation)')
    .option('--provider <name>', 'who works: provider or provider:profile')
    .option('--profile <name>', 'a profile of the provider')
    .option('--model <name>', 'a model of the provider')
    .option('--budget, --budget-usd <number>', 'at most so many US dollars', amount)
    .option('--budget-tokens <number>', 'at most so many tokens', wholeNumber)
    .option('--timeout <duration>', 'of one attempt, such as 90s, 15m or 2h')
    .option('--fresh', 'execute all of it, also what an earlier run has proved')
    .option('--client-key <key>', 'the same key again is the same run')
    .action(async (words: string[]) => {
      const given = flags.parse(command.opts());
      await runCommandCall(command, host, async (call) =>
        bulkItems(await readGoal(words, process.stdin), given, call),
      );
    });
};

function collect(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}

function collectParts(text: string, before: string[] | undefined): string[] {
  const parts = text.split(',').map((part) => part.trim());
  return [...(before ?? []), ...parts.filter((part) => part !== '')];
}
