import { runCommandCall } from '../command-call.ts';
import type { RegisterCommand } from '../cli-deps.ts';

export const trust: RegisterCommand = (program, host) => {
  const command = program
    .command('trust')
    .summary("allow the commands named in this project's mo.yaml")
    .description(
      "Allow the commands that this project's mo.yaml names, as it is now. A changed file asks again.",
    )
    .action(async () => {
      await runCommandCall(command, host, async ({ terminal, json, context }) => {
        const trusted = await context.trust();
        if (json) terminal.out(JSON.stringify(trusted, null, 2));
        else
          terminal.out(
            [
              `Trusted ${trusted.file} as it is now:`,
              ...(trusted.commands.length === 0
                ? ['  it names no commands']
                : trusted.commands.map((one) => `  ${one}`)),
            ].join('\n'),
          );
        return 0;
      });
    });
};
