import type { Request } from '../core/event.ts';
import { answerRequest } from '../operations/answer-request.ts';
import { isOver } from '../core/view.ts';
import type { Picture } from '../operations/picture.ts';
import { planText } from '../operations/plan-text.ts';
import { startDo, type DoWish } from '../operations/start-do.ts';
import { stop } from '../operations/stop.ts';
import type { CommandCall } from './command-call.ts';
import { finish, leftBehind } from './finish.ts';
import { follow, isSettled } from './follow.ts';

/** The wish as flags say it, and what only a terminal knows. */
export type DoFlags = Omit<DoWish, 'goal' | 'confirm'> & {
  yes: boolean;
  dryRun: boolean;
  detach: boolean;
};

/** Starts the recipe `do`, shows its plan, asks, and stays until the run is over or the person leaves. */
export async function doGoal(goal: string, flags: DoFlags, call: CommandCall): Promise<number> {
  const runId = await startDo(call.context, {
    ...flags,
    goal,
    confirm: flags.yes && !flags.dryRun ? 'yes' : 'ask',
  });
  if (flags.detach) {
    if (call.json) call.terminal.out(JSON.stringify({ run_id: runId }, null, 2));
    else call.terminal.out(`${runId} started. Watch it with: mo watch ${runId}`);
    return 0;
  }
  return confirmAndFollow(runId, flags, call);
}

/** A plan that is sent back comes again, so this goes round until one is taken or refused. */
async function confirmAndFollow(
  runId: string,
  flags: Pick<DoFlags, 'dryRun'>,
  call: CommandCall,
): Promise<number> {
  let picture = await follow(call, runId);
  for (;;) {
    const plan = planRequest(picture);
    if (plan === null || call.interrupted.aborted) return finish(call, picture);
    call.terminal.err(await planText(call.context, runId));
    if (flags.dryRun) return endDryRun(picture, call);
    const given = await askPerson(plan, call);
    if (call.interrupted.aborted) {
      call.terminal.err(leftBehind(picture));
      return 130;
    }
    if (given === null) return finish(call, picture);
    await answerRequest(call.context, runId, { ...given, request: plan.id });
    picture = await follow(
      call,
      runId,
      (now) => isSettled(now) && !now.requests.some(({ id }) => id === plan.id),
    );
  }
}

function planRequest(picture: Picture): Request | null {
  return picture.requests.find(({ kind }) => kind === 'plan') ?? null;
}

/** null when nobody is there to answer: then the run waits, and the summary says how to go on. */
async function askPerson(
  request: Request,
  { terminal, interrupted }: CommandCall,
): Promise<{ choice: string; text: string } | null> {
  if (!terminal.canAsk) return null;
  for (;;) {
    const question = `${request.question} [${request.choices.join('/')}] `;
    const typed = await terminal.ask(question, interrupted);
    if (typed === null) return null;
    const word = typed.trim().toLowerCase();
    const chosen = request.choices.filter((choice) => choice.toLowerCase().startsWith(word));
    const [choice] = chosen;
    if (word === '' || choice === undefined || chosen.length > 1) {
      terminal.err(`Answer with one of: ${request.choices.join(', ')}.`);
    } else if (choice === 'revise') {
      const text = await terminal.ask('What should be different? ', interrupted);
      return text === null ? null : { choice, text };
    } else {
      return { choice, text: '' };
    }
  }
}

/** A dry run ends where the plan is: the run is stopped, nothing was executed. */
async function endDryRun(picture: Picture, call: CommandCall): Promise<number> {
  await stop.run({ run_id: picture.runId, force: false }, call.context);
  const last = await follow(call, picture.runId, ({ state }) => isOver(state));
  const exitCode = await finish(call, last);
  return exitCode === 130 ? 130 : 0;
}
