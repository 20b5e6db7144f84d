import { Option } from 'commander';
import { z } from 'zod';
import type { RegisterCommand } from '../cli-deps.ts';
import { runCommandCall } from '../command-call.ts';
import { updateHosts } from '../install-hosts.ts';

const flags = z.object({
  host: z.enum(['claude', 'codex', 'all']),
  scope: z.enum(['user', 'project']).optional(),
  dryRun: z.boolean().default(false),
  yes: z.boolean().default(false),
  force: z.boolean().default(false),
});

export const update: RegisterCommand = (program, host) => {
  const command = program
    .command('update')
    .summary('write again what this mo would write otherwise')
    .description(
      'After mo itself was updated: write the entries and skills again that this version would write otherwise, wherever they were installed. Says which command brings a newer mo.',
    )
    .addOption(
      new Option('--host <name>', 'in which one')
        .choices(['claude', 'codex', 'all'])
        .default('all'),
    )
    .addOption(
      new Option('--scope <scope>', 'only what is for you, or only what is in projects').choices([
        'user',
        'project',
      ]),
    )
    .option('--dry-run', 'show every file and what would change in it, and stop')
    .option('-y, --yes', 'do not ask')
    .option('--force', 'replace what was edited')
    .action(async () => {
      const wish = flags.parse(command.optsWithGlobals());
      await runCommandCall(command, host, (call) =>
        updateHosts(call, { ...wish, scope: wish.scope ?? null }),
      );
    });
};
