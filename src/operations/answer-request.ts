import type { Request } from '../core/event.ts';
import { MoError } from '../core/problem.ts';
import { closest } from '../core/closest.ts';
import type { OperationContext } from './context.ts';
import { findRun } from './find-run.ts';
import { lookUntil } from './look-until.ts';

export type GivenAnswer = {
  /** One of the choices of the request. */
  choice: string;
  text: string;
  /** Which request; null where the run has only one. */
  request: string | null;
};

/** How long the owner may take to see the answer; it stays in the store for it in any case. */
const waitMs = 20_000;

/** Tells a waiting run what a person decided, and makes sure that someone goes on with it. */
export async function answerRequest(
  context: OperationContext,
  run: string,
  given: GivenAnswer,
): Promise<Request> {
  const { store, runId } = await findRun(context, run);
  const view = store.view(runId);
  const request = requestOf(runId, view, given);
  if (!request.choices.includes(given.choice)) {
    const meant = closest(given.choice, request.choices);
    throw new MoError({
      code: 'bad-input',
      what: `${given.choice} is no answer to "${request.question.split('\n', 1)[0] ?? ''}".`,
      fix: `Answer with one of: ${request.choices.join(', ')}.${meant === null ? '' : ` Did you mean ${meant}?`}`,
    });
  }
  store.sendSignal(runId, {
    kind: 'answer',
    request: request.id,
    choice: given.choice,
    text: given.text,
  });
  const isTaken = (): true | null =>
    store.view(runId).requests.some(({ id }) => id === request.id) ? null : true;
  await lookUntil(context, { store, runId, waitMs }, isTaken);
  return request;
}

function requestOf(
  runId: string,
  view: { state: string; requests: readonly Request[] },
  given: GivenAnswer,
): Request {
  const { requests } = view;
  const [first, second] = requests;
  if (first === undefined) {
    throw new MoError({
      code: 'wrong-state',
      runId,
      state: view.state,
      wanted: 'waiting for an answer',
      fix: `See what it does with: poll {run_id: "${runId}"}`,
    });
  }
  if (given.request === null && second === undefined) return first;
  const named = requests.find(({ id }) => id === given.request);
  if (named !== undefined) return named;
  throw new MoError({
    code: 'bad-input',
    what:
      given.request === null
        ? `Run ${runId} waits for ${requests.length} answers.`
        : `Run ${runId} has no request ${given.request}.`,
    fix: `Name one, as in send {run_id: "${runId}", answer: {request: "${first.id}", decision}}. They are: ${requests.map(({ id, question }) => `${id} (${question.split('\n', 1)[0] ?? ''})`).join(', ')}.`,
  });
}
