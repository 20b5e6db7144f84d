import { MoError } from '../../core/problem.ts';
import { listRuns } from '../../operations/list-runs.ts';
import { isOver } from '../../core/view.ts';
import { runCommandCall, type CommandCall } from '../command-call.ts';
import type { RegisterCommand } from '../cli-deps.ts';
import { finish } from '../finish.ts';
import { follow } from '../follow.ts';

export const watch: RegisterCommand = (program, host) => {
  const command = program
    .command('watch')
    .argument('[run]', 'default: the newest active run, else the newest')
    .summary('watch a run; leaving does not stop it')
    .description('Watch a run until it is over or needs you. Ctrl-C leaves; the run goes on.')
    .action(async (run: string | undefined) => {
      await runCommandCall(command, host, async (call) => {
        const picture = await follow(call, run ?? (await newestRun(call)));
        return finish(call, picture);
      });
    });
};

async function newestRun(call: CommandCall): Promise<string> {
  const runs = await listRuns(call.context, 50);
  const run = runs.find(({ state }) => !isOver(state)) ?? runs[0];
  if (run !== undefined) return run.run_id;
  throw new MoError({
    code: 'nothing-to-show',
    what: 'There is no run in this project yet.',
    fix: 'Start one with: mo do "<goal>"',
  });
}
