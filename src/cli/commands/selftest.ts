import { runSelftest } from '../../operations/run-selftest.ts';
import { runCommandCall } from '../command-call.ts';
import type { RegisterCommand } from '../cli-deps.ts';
import { checkLines, endLine } from '../selftest-lines.ts';

export const selftest: RegisterCommand = (program, host) => {
  const command = program
    .command('selftest')
    .summary('does mo work on this machine? offline, no account, nothing left behind')
    .description(
      'Try everything mo stands on and mo itself: Node, the native addon, git, processes, both MCP revisions, every tool, a crash, redaction, and gates on workers that lie. Offline, without an account, in a temp folder; your project is only looked at. Exit code 5: something on this machine is missing, with its fix; 1: mo itself misbehaves.',
    )
    .action(async () => {
      await runCommandCall(command, host, async ({ terminal, json, context }) => {
        const report = await runSelftest(context, (result) => {
          if (!json) terminal.out(checkLines(result, terminal).join('\n'));
        });
        terminal.out(json ? JSON.stringify(report, null, 2) : endLine(report));
        return report.exit_code;
      });
    });
};
