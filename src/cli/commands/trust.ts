import { runCommandCall } from '../command-call.ts';
import type { RegisterCommand } from '../cli-deps.ts';

export const trust: RegisterCommand = (program, host) => {
  const command = program
    .command('trust')
    .summary("allow the commands named in this project's mo.yaml")
    .description(
      "Allow the commands that this project's mo.yaml and recipes (.mo/recipes) name, and its texts for workers (.mo/prompts), as they are now. A changed file asks again.",
    )
    .action(async () => {
      await runCommandCall(command, host, async ({ terminal, json, context }) => {
        const trusted = await context.trust();
        if (json) terminal.out(JSON.stringify(trusted, null, 2));
        else
          terminal.out(
            [
              ...[trusted, ...trusted.recipes].flatMap(trustedLines),
              ...trusted.prompts.map((file) => `Trusted ${file} as it is now: it steers workers`),
            ].join('\n'),
          );
        return 0;
      });
    });
};

function trustedLines({ file, commands }: { file: string; commands: readonly string[] }): string[] {
  const named = commands.map((one) => `  ${one}`);
  return [
    `Trusted ${file} as it is now:`,
    ...(named.length === 0 ? ['  it names no commands'] : named),
  ];
}
