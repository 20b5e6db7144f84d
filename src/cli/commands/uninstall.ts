import { runCommandCall } from '../command-call.ts';
import { hostOption, installedFlags, installedScopeOption } from '../host-options.ts';
import type { RegisterCommand } from '../cli-deps.ts';
import { uninstallHosts } from '../uninstall-hosts.ts';

export const uninstall: RegisterCommand = (program, host) => {
  const command = program
    .command('uninstall')
    .summary('take mo out of the hosts again')
    .description(
      "Take out what `mo install` has put in. A file nobody has changed since gets its old bytes back; from any other only what is mo's is removed. Runs, branches and reports of your projects stay.",
    )
    .addOption(hostOption('of which one'))
    .addOption(installedScopeOption())
    .option('--dry-run', 'show what would be taken out, and stop')
    .option('-y, --yes', 'do not ask')
    .option('--force', 'delete a skill that was edited, too')
    .action(async () => {
      const wish = installedFlags.parse(command.optsWithGlobals());
      await runCommandCall(command, host, (call) => uninstallHosts(call, wish));
    });
};
