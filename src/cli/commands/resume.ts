import { z } from 'zod';
import { MoError } from '../../core/problem.ts';
import { raiseBudget } from '../../operations/raise-budget.ts';
import { answerRequest } from '../../operations/answer-request.ts';
import { isOver } from '../../core/view.ts';
import { workflowControl } from '../../operations/workflow-control.ts';
import { takePicture } from '../../operations/take-picture.ts';
import type { RegisterCommand } from '../cli-deps.ts';
import { runCommandCall } from '../command-call.ts';
import { amount, wholeNumber } from '../amount-flags.ts';
import { finish } from '../finish.ts';
import { follow, isSettled } from '../follow.ts';

const flags = z.object({
  answer: z.string().optional(),
  text: z.string().optional(),
  request: z.string().optional(),
  detach: z.boolean().optional(),
  budgetUsd: z.number().optional(),
  budgetTokens: z.number().optional(),
});

export const resume: RegisterCommand = (program, host) => {
  const command = program
    .command('resume')
    .argument('<run>', 'the run, as `mo list` shows it; its number is enough')
    .summary('go on with a run, or answer what it asks')
    .description(
      'Start an owner for a run that has none, go on with one that is paused or needs_rerun, answer what a run waits for, or give one whose budget is spent a larger one, and watch it go on.',
    )
    .option('--answer <choice>', 'one of the choices the run offers')
    .option('--text <text>', 'what the workers should know beside the choice')
    .option('--request <id>', 'which request, when there are several')
    .option('--budget-usd <number>', 'go on under this larger budget of US dollars', amount)
    .option('--budget-tokens <number>', 'the same in tokens', wholeNumber)
    .option('--detach', 'do not wait for the end')
    .action(async (run: string) => {
      const given = flags.parse(command.opts());
      await runCommandCall(command, host, async (call) => {
        const before = await takePicture(call.context, run);
        const answered =
          given.answer === undefined
            ? null
            : await answerRequest(call.context, run, {
                choice: given.answer,
                text: given.text ?? '',
                request: given.request ?? null,
              });
        const more = { usd: given.budgetUsd ?? null, tokens: given.budgetTokens ?? null };
        if (more.usd !== null || more.tokens !== null || before.state === 'exhausted')
          await raiseBudget(call.context, run, more);
        else if (
          answered === null &&
          (before.state === 'paused' || before.state === 'needs_rerun')
        ) {
          await workflowControl.run({ ...goOn, run_id: before.runId }, call.context);
        } else if (answered === null) {
          if (isOver(before.state)) throw isOverAlready(before.runId, before.state);
          await call.context.ensureOwner(before.runId);
        }
        if (given.detach === true) {
          if (call.json) call.terminal.out(JSON.stringify({ run_id: before.runId }, null, 2));
          else
            call.terminal.out(`${before.runId} goes on. Watch it with: mo watch ${before.runId}`);
          return 0;
        }
        // Until the owner has taken the answer, the request still stands there.
        const picture = await follow(
          call,
          before.runId,
          (now) => isSettled(now) && !now.requests.some(({ id }) => id === answered?.id),
        );
        return finish(call, picture);
      });
    });
};

const goOn = { action: 'resume', text: '', workers: 'finish' } as const;

function isOverAlready(runId: string, state: string): MoError {
  return new MoError({
    code: 'wrong-state',
    runId,
    state,
    wanted: 'not over',
    fix: `Read what it did with: mo output ${runId} --part report`,
  });
}
