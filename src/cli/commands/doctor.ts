import { z } from 'zod';
import type { RegisterCommand } from '../cli-deps.ts';
import { runCommandCall } from '../command-call.ts';
import { hostName, hostOption } from '../host-options.ts';
import { showExamination } from '../examination.ts';

const flags = z.object({ host: hostName });

export const doctor: RegisterCommand = (program, host) => {
  const command = program
    .command('doctor')
    .summary('what keeps mo from working in the hosts, and what to type')
    .description(
      'Look at every host that is here: its program and sign-in, the entry of mo, the skill, and whether the host really reaches mo. Every finding comes with its fix. Changes nothing. Exit code 5 when there is a finding.',
    )
    .addOption(hostOption('at which one (all: every one that is here)'))
    .action(async () => {
      const wish = flags.parse(command.optsWithGlobals());
      await runCommandCall(command, host, async ({ context, terminal, json }) => {
        const { examine } = await import('../../operations/examine.ts');
        const found = await examine(context, wish);
        terminal.out(json ? JSON.stringify(found, null, 2) : showExamination(found));
        return found.ok ? 0 : 5;
      });
    });
};
