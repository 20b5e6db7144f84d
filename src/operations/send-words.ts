import type { z } from 'zod';
import { MoError } from '../core/problem.ts';
import type { Store } from '../store/store.ts';
import { answerRequest } from './answer-request.ts';
import type { OperationContext } from './context.ts';
import { carryOut } from './control-run.ts';
import { checkNode, findRun } from './find-run.ts';
import type { sendInput, sendOutput } from './send.ts';

type Input = z.output<typeof sendInput>;
type Result = z.input<typeof sendOutput>;

export async function sendWords(input: Input, context: OperationContext): Promise<Result> {
  const { text, answer } = input;
  const { store, runId } = await findRun(context, input.run_id);
  const next = `poll {run_id: "${runId}"}`;
  if (input.node !== undefined) checkNode(store, runId, input.node);
  if ((text === undefined) === (answer === undefined)) {
    throw new MoError({
      code: 'bad-input',
      what: `send takes text or answer, not ${text === undefined ? 'neither' : 'both'}.`,
      fix: 'Send text for an agent, or, for what poll says the run needs: send {run_id, answer: {decision}}',
    });
  }
  if (answer !== undefined) {
    const given = { choice: answer.decision, text: answer.text ?? '' };
    const request = requestOf(store, runId, input);
    const { node } = await answerRequest(context, runId, { ...given, request });
    const of = node === null ? {} : { node };
    return {
      run_id: runId,
      state: stateOf(store, runId),
      ...of,
      what: 'answered',
      done: true,
      next,
    };
  }
  if (text === undefined || text.trim() === '') {
    const fix = 'Say what the agent is to know or to do otherwise.';
    throw new MoError({ code: 'bad-input', what: 'text is empty.', fix });
  }
  const node = input.node ?? onlyAgent(store, runId);
  const isAtWork = store.node(runId, node)?.state !== 'waiting';
  const { done } = await carryOut(context, { store, runId }, { kind: 'tell', node, text });
  const what = isAtWork ? 'interrupted' : 'kept';
  return { run_id: runId, state: stateOf(store, runId), node, what, done, next };
}

function stateOf(store: Store, runId: string): Result['state'] {
  return store.view(runId).state;
}

/** The one that is named, or that of the node that is; null: the only one there is. */
function requestOf(store: Store, runId: string, { answer, node }: Input): string | null {
  if (answer?.request !== undefined) return answer.request;
  if (node === undefined) return null;
  return store.view(runId).requests.find((one) => one.node === node)?.id ?? null;
}

function onlyAgent(store: Store, runId: string): string {
  const agents = store.nodes(runId, mostNodes).filter(({ kind }) => kind === 'agent');
  const atWork = agents.filter(({ state }) => state === 'running' || state === 'gating');
  const [one, second] = agents.length === 1 ? agents : atWork;
  if (one !== undefined && second === undefined) return one.name;
  const names = atWork.slice(0, 10).map(({ name }) => name);
  throw new MoError({
    code: 'bad-input',
    what:
      names.length === 0
        ? `No agent of ${runId} is at work.`
        : `${atWork.length} agents of ${runId} are at work.`,
    fix: `Name the node${names.length === 0 ? '' : `: ${names.join(', ')}`}.`,
  });
}

const mostNodes = 10_000;
