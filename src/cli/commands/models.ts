import { Option } from 'commander';
import { z } from 'zod';
import { role, roles } from '../../core/names.ts';
import type { RegisterCommand } from '../cli-deps.ts';
import { runCommandCall } from '../command-call.ts';
import { modelTable } from '../model-table.ts';

const flags = z.object({ role: role.optional() });

export const models: RegisterCommand = (program, host) => {
  const command = program
    .command('models')
    .summary('the workers and models there are, how each is scored, and why')
    .description(
      'Every provider and profile with its model, its score for each kind of work, its price, what it did in this project, and whether it takes work now. Starts nothing.',
    )
    .addOption(new Option('--role <role>', 'the scores for one role, and why').choices(roles))
    .action(async () => {
      await runCommandCall(command, host, async ({ terminal, json, context }) => {
        const { listModels } = await import('../../operations/list-models.ts');
        const list = await listModels(context, flags.parse(command.opts()).role ?? null);
        terminal.out(json ? JSON.stringify(list, null, 2) : modelTable(list, terminal.width()));
        return 0;
      });
    });
};
