import { z } from 'zod';
import type { RegisterCommand } from '../cli-deps.ts';
import { runDemo } from '../run-demo.ts';

const flags = z.object({ folder: z.string().optional(), json: z.boolean().optional() });

export const demo: RegisterCommand = (program, host) => {
  const command = program
    .command('demo')
    .summary('the whole job on a sample repository, with scripted workers')
    .description(
      'Make a small repository, hand a goal to scripted workers, and land it: one fails its gate and is sent back, one dies and is tried again. Needs no account and no network.',
    )
    .option(
      '--folder <path>',
      'where to make the sample repository: a new or empty folder (default: a temp folder)',
    )
    .action(async () => {
      await runDemo(command, host, flags.parse(command.optsWithGlobals()));
    });
};
