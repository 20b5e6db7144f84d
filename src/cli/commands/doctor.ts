import type { RegisterCommand } from '../cli-deps.ts';
import { runCommandCall } from '../command-call.ts';
import { showExamination } from '../examination.ts';

export const doctor: RegisterCommand = (program, host) => {
  const command = program
    .command('doctor')
    .summary('what keeps mo from working in the hosts, and what to type')
    .description(
      'Look at every host that is here: its program and sign-in, the entry of mo, the skill, and whether the host really reaches mo. Every finding comes with its fix. Changes nothing. Exit code 5 when there is a finding.',
    )
    .action(async () => {
      await runCommandCall(command, host, async ({ context, terminal, json }) => {
        const { examine } = await import('../../operations/examine.ts');
        const found = await examine(context);
        terminal.out(json ? JSON.stringify(found, null, 2) : showExamination(found));
        return found.ok ? 0 : 5;
      });
    });
};
