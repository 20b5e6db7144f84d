import { planBulk, startBulk, type BulkPlan, type BulkWish } from '../operations/start-bulk.ts';
import { endedItems, type EndedItems } from '../operations/ended-items.ts';
import type { CommandCall } from './command-call.ts';
import { finish } from './finish.ts';
import { follow } from './follow.ts';

const mostFailed = 10;

/** The wish as flags say it, and what only a terminal knows. */
export type BulkFlags = Omit<BulkWish, 'task'> & {
  yes: boolean;
  dryRun: boolean;
  detach: boolean;
};

/** Shows the items, asks, starts the recipe `bulk`, and stays until the run is over or the person leaves. */
export async function bulkItems(
  task: string,
  flags: BulkFlags,
  call: CommandCall,
): Promise<number> {
  const plan = await planBulk(call.context, { ...flags, task });
  if (flags.dryRun) return showPlan(plan, call);
  if (!flags.yes) {
    call.terminal.err(`${plan.text}\n\n`);
    const answer = await askPerson(plan, call);
    if (call.interrupted.aborted) return 130;
    if (answer !== 'yes') return notStarted(answer, call);
  }
  const runId = await startBulk(call.context, plan);
  if (flags.detach) {
    if (call.json) call.terminal.out(JSON.stringify({ run_id: runId }, null, 2));
    else call.terminal.out(`${runId} started. Watch it with: mo watch ${runId}`);
    return 0;
  }
  const picture = await follow(call, runId);
  const exitCode = await finish(call, picture);
  if (!call.json && !call.interrupted.aborted)
    for (const line of nextLines(plan, runId, await endedItems(call.context, runId)))
      call.terminal.err(line);
  return exitCode;
}

function showPlan(plan: BulkPlan, { json, terminal }: CommandCall): number {
  terminal.out(json ? JSON.stringify(plan.facts, null, 2) : plan.text);
  if (!json) terminal.err('\nNothing was started. Without --dry-run it is.');
  return 0;
}

/** null: nobody is there to answer. */
async function askPerson(
  { items, writes }: BulkPlan,
  { terminal, interrupted }: CommandCall,
): Promise<'yes' | 'no' | null> {
  if (!terminal.canAsk) return null;
  const count = items.length === 1 ? 'this item' : `these ${items.length} items`;
  const question = `Do ${count}${writes ? '' : ', reading only'}? [yes/no] `;
  for (;;) {
    const typed = await terminal.ask(question, interrupted);
    if (typed === null) return null;
    const word = typed.trim().toLowerCase();
    if (word !== '' && 'yes'.startsWith(word)) return 'yes';
    if (word !== '' && 'no'.startsWith(word)) return 'no';
    terminal.err('Answer with yes or no.');
  }
}

function notStarted(answer: 'no' | null, { terminal }: CommandCall): number {
  if (answer === 'no') terminal.err('Nothing was started.');
  else terminal.err('Nothing was started: nobody is here to say yes. Say it with --yes.');
  return answer === 'no' ? 1 : 3;
}

/** What a person does next: read one result, or have one that failed done again. */
function nextLines(
  { writes, itemsOf }: BulkPlan,
  runId: string,
  { failed, verified }: EndedItems,
): string[] {
  const [first] = failed;
  const [done] = verified;
  return [
    ...failed.slice(0, mostFailed).map((name) => `failed  ${itemsOf(name)} (${name})`),
    ...(failed.length > mostFailed ? [`        and ${failed.length - mostFailed} more`] : []),
    ...(first === undefined
      ? []
      : [`again   mo workflow control ${runId} retry ${first} && mo resume ${runId}`]),
    ...(done === undefined
      ? []
      : [
          `read    mo output ${runId} --node ${done}${writes ? ' --part diff' : ''}  (${itemsOf(done)})`,
        ]),
  ];
}
