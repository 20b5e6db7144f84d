import { z } from 'zod';
import { runSelftest, type CheckResult } from '../../operations/run-selftest.ts';
import { tryClis } from '../../operations/try-clis.ts';
import { runCommandCall } from '../command-call.ts';
import type { RegisterCommand } from '../cli-deps.ts';
import { checkLines, endLine, shownLines } from '../selftest-lines.ts';

const flags = z.object({ hosts: z.boolean().optional() });

export const selftest: RegisterCommand = (program, host) => {
  const command = program
    .command('selftest')
    .summary('does mo work on this machine? offline, no account, nothing left behind')
    .description(
      'Try everything mo stands on and mo itself: Node, the native addon, git, processes, both MCP revisions, every tool, a crash, redaction, and gates on workers that lie. Offline, without an account, in a temp folder; your project is only looked at. Exit code 5: something on this machine is missing, with its fix; 1: mo itself misbehaves.',
    )
    .option(
      '--hosts',
      'drive the installed worker CLIs instead, with a scripted model on loopback, and keep what each version has shown (about a minute)',
    )
    .action(async () => {
      const { hosts } = flags.parse(command.optsWithGlobals());
      await runCommandCall(command, host, async ({ terminal, json, context }) => {
        const onResult = (result: CheckResult): void => {
          if (!json) terminal.out(checkLines(result, terminal).join('\n'));
        };
        const trials = hosts === true ? await tryClis(context, onResult) : null;
        const report = trials ?? (await runSelftest(context, onResult));
        const lines = [endLine(report), ...(trials === null ? [] : shownLines(trials))];
        terminal.out(json ? JSON.stringify(report, null, 2) : lines.join('\n'));
        return report.exit_code;
      });
    });
};
