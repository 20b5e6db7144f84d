import { Option } from 'commander';
import { z } from 'zod';
import { role, roles } from '../../core/names.ts';
import type { RegisterCommand } from '../cli-deps.ts';
import { runCommandCall } from '../command-call.ts';
import { knownModelTable } from '../known-model-table.ts';
import { modelTable } from '../model-table.ts';

const flags = z.object({ role: role.optional(), all: z.boolean().default(false) });

export const models: RegisterCommand = (program, host) => {
  const command = program
    .command('models')
    .summary('the workers and models there are, how each is scored, and why')
    .description(
      'Every provider and profile with its model, its score for each kind of work, its price, what it did in this project, and whether it takes work now. Starts nothing.',
    )
    .addOption(new Option('--role <role>', 'the scores for one role, and why').choices(roles))
    .option('--all', 'every model mo has facts of, with its scores, price, context and source')
    .action(async () => {
      await runCommandCall(command, host, async ({ terminal, json, context }) => {
        const { role: asked = null, all } = flags.parse(command.opts());
        const show = <T>(list: T, table: (list: T, width: number) => string): number => {
          terminal.out(json ? JSON.stringify(list, null, 2) : table(list, terminal.width()));
          return 0;
        };
        if (all) {
          const { listKnownModels } = await import('../../operations/list-known-models.ts');
          return show(await listKnownModels(context, asked), knownModelTable);
        }
        const { listModels } = await import('../../operations/list-models.ts');
        return show(await listModels(context, asked), modelTable);
      });
    });
};
