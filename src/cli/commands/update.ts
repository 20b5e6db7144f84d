import type { RegisterCommand } from '../cli-deps.ts';
import { runCommandCall } from '../command-call.ts';
import { hostOption, installedFlags, installedScopeOption } from '../host-options.ts';
import { updateHosts } from '../install-hosts.ts';

export const update: RegisterCommand = (program, host) => {
  const command = program
    .command('update')
    .summary('write again what this mo would write otherwise')
    .description(
      'After mo itself was updated: write the entries and skills again that this version would write otherwise, wherever they were installed. Says which command brings a newer mo.',
    )
    .addOption(hostOption('in which one'))
    .addOption(installedScopeOption())
    .option('--dry-run', 'show every file and what would change in it, and stop')
    .option('-y, --yes', 'do not ask')
    .option('--force', 'replace what was edited')
    .action(async () => {
      const wish = installedFlags.parse(command.optsWithGlobals());
      await runCommandCall(command, host, (call) => updateHosts(call, wish));
    });
};
