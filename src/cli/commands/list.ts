import { z } from 'zod';
import { progressText } from '../../core/progress.ts';
import { oneLine, spending } from '../../operations/amounts.ts';
import { listRuns, type ListedRun } from '../../operations/list-runs.ts';
import { wholeNumber } from '../amount-flags.ts';
import { fitTo } from '../cells.ts';
import type { RegisterCommand } from '../cli-deps.ts';
import { runCommandCall } from '../command-call.ts';

const flags = z.object({ limit: z.number() });

export const list: RegisterCommand = (program, host) => {
  const command = program
    .command('list')
    .alias('runs')
    .summary('list the runs of this project, newest first')
    .description('List the runs of this project, newest first.')
    .option('--limit <number>', 'at most so many', wholeNumber, 20)
    .action(async () => {
      await runCommandCall(command, host, async ({ terminal, json, context }) => {
        const runs = await listRuns(context, flags.parse(command.opts()).limit);
        if (json) terminal.out(JSON.stringify({ runs }, null, 2));
        else if (runs.length === 0) terminal.out('No runs yet. Start one with: mo do "<goal>"');
        else {
          const idCells = Math.max(...runs.map(({ run_id }) => run_id.length));
          const lines = runs.map((run) =>
            [
              run.run_id.padEnd(idCells),
              run.state.padEnd(11),
              run.started_at.slice(0, 16).replace('T', ' '),
              spending(run.spend).padEnd(8),
              fitTo(goalText(run), Math.max(10, terminal.width() - idCells - 44)),
            ]
              .join('  ')
              .trimEnd(),
          );
          terminal.out(lines.join('\n'));
        }
        return 0;
      });
    });
};

function goalText({ goal, progress, landed }: ListedRun): string {
  const open = progress.filter(({ done, total }) => done < total);
  const request = landed !== null && /^(?:pr|rollback) /.test(landed) ? [landed] : [];
  return [...open.slice(0, 1).map(progressText), ...request, oneLine(goal, 200)].join(' · ');
}
