import { Option } from 'commander';
import { z } from 'zod';
import { runCommandCall } from '../command-call.ts';
import type { RegisterCommand } from '../cli-deps.ts';
import { uninstallHosts } from '../uninstall-hosts.ts';

const flags = z.object({
  host: z.enum(['claude', 'codex', 'all']),
  scope: z.enum(['user', 'project']).optional(),
  dryRun: z.boolean().default(false),
  yes: z.boolean().default(false),
  force: z.boolean().default(false),
});

export const uninstall: RegisterCommand = (program, host) => {
  const command = program
    .command('uninstall')
    .summary('take mo out of the hosts again')
    .description(
      "Take out what `mo install` has put in. A file nobody has changed since gets its old bytes back; from any other only what is mo's is removed. Runs, branches and reports of your projects stay.",
    )
    .addOption(
      new Option('--host <name>', 'of which one')
        .choices(['claude', 'codex', 'all'])
        .default('all'),
    )
    .addOption(
      new Option('--scope <scope>', 'only what is for you, or only what is in projects').choices([
        'user',
        'project',
      ]),
    )
    .option('--dry-run', 'show what would be taken out, and stop')
    .option('-y, --yes', 'do not ask')
    .option('--force', 'delete a skill that was edited, too')
    .action(async () => {
      const wish = flags.parse(command.optsWithGlobals());
      await runCommandCall(command, host, (call) =>
        uninstallHosts(call, { ...wish, scope: wish.scope ?? null }),
      );
    });
};
