import type { z } from 'zod';
import { eventsOfControl, type Control } from '../core/control.ts';
import { MoError } from '../core/problem.ts';
import { isOver, wantsOwner } from '../core/view.ts';
import type { RunEvent } from '../core/event.ts';
import { readRun } from '../engine/read-run.ts';
import type { Store } from '../store/store.ts';
import { answerRequest } from './answer-request.ts';
import type { OperationContext } from './context.ts';
import { checkNode, findRun } from './find-run.ts';
import { lookUntil } from './look-until.ts';
import { sourceChanged } from './source-changed.ts';
import type { controlInput, controlOutput } from './workflow-control.ts';

type Input = z.output<typeof controlInput>;
type Result = z.input<typeof controlOutput>;

/** How long the owner may take to hear it; it stays in the store for it in any case. */
const waitMs = 20_000;
/** What was approved is proved at once, unless the run is paused. */
const proofMs = 5_000;
const mostNames = 100;
const mostNodes = 50;

export async function controlRun(input: Input, context: OperationContext): Promise<Result> {
  const { store, runId } = await findRun(context, input.run_id);
  if (input.node !== undefined) checkNode(store, runId, input.node);
  if (input.action === 'approve' || input.action === 'reject')
    return decideRequest(store, runId, input, context);
  const heard = await carryOut(context, { store, runId }, controlOf(input));
  const answer = answerOf(store, runId, input, heard);
  const changed = await sourceChanged(store, runId);
  return changed === null ? answer : { ...answer, source_changed: changed };
}

/**
 * Hands a control to the run's owner, who is started where there is none, and waits until it is heard. `done` false: nobody had heard it in
 * time; it is kept. `came`: the event it came to, null where it was so already. Throws why it cannot be.
 */
export async function carryOut(
  context: OperationContext,
  { store, runId }: { store: Store; runId: string },
  control: Control,
): Promise<{ done: boolean; came: RunEvent | null }> {
  const since = store.lastSeq(runId);
  let done = true;
  if (isNeeded(store, runId, control)) {
    const id = store.sendSignal(runId, control);
    const heard = await lookUntil(context, { store, runId, waitMs }, () =>
      store.isHandled(runId, id) ? true : null,
    );
    done = heard !== null;
  } else if (wantsOwner(store.view(runId))) await context.ensureOwner(runId);
  const came = eventOf(store, runId, control, since);
  // It may have come too late: then the run as it is now says why.
  if (done && came === null) isNeeded(store, runId, control);
  return { done, came };
}

function controlOf({ action, node, text, workers }: Input): Control {
  switch (action) {
    case 'retry':
      return { kind: 'retry', node: named(action, node), text };
    case 'skip':
      return { kind: 'skip', node: named(action, node) };
    case 'pause':
      return { kind: 'pause', workers: forWhole(action, node, workers) };
    case 'resume':
      return { kind: 'resume', budget: forWhole(action, node, null) };
    case 'approve':
    case 'reject':
      throw new Error(`${action} is an answer`);
  }
}

function named(action: string, node: string | undefined): string {
  if (node !== undefined) return node;
  throw new MoError({
    code: 'bad-input',
    what: `${action} is about one node, and none is named.`,
    fix: `Name it: workflow_control {run_id: "<run>", action: "${action}", node: "<node>"}`,
  });
}

function forWhole<T>(action: string, node: string | undefined, value: T): T {
  if (node === undefined) return value;
  throw new MoError({
    code: 'bad-input',
    what: `${action} is about the whole run, but node ${node} is named.`,
    fix: `Leave the node out; one node is stopped with: stop {run_id: "<run>", node: "${node}"}`,
  });
}

/** False: it is so already. Throws where it cannot be. */
function isNeeded(store: Store, runId: string, control: Control): boolean {
  const asked = eventsOfControl(readRun(store, runId), control);
  if (!Array.isArray(asked)) throw new MoError(asked);
  return asked.length > 0;
}

const pageSize = 1_000;

/** What it came to, if it has. */
function eventOf(store: Store, runId: string, control: Control, since: number): RunEvent | null {
  for (let seq = since; ;) {
    const page = store.readEvents(runId, seq, pageSize);
    const found = page.find(({ event }) => isOf(event, control));
    if (found !== undefined) return found.event;
    if (page.length < pageSize) return null;
    seq = page.at(-1)?.seq ?? seq;
  }
}

function isOf(event: RunEvent, control: Control): boolean {
  switch (control.kind) {
    case 'retry':
      return event.type === 'nodes.invalidated' && event.target === control.node;
    case 'skip':
      return event.type === 'node.skipped' && event.node === control.node;
    case 'tell':
      return event.type === 'node.told' && event.node === control.node;
    case 'pause':
      return event.type === 'run.paused';
    case 'resume':
      return event.type === 'run.resumed';
  }
}

/** A yes or no to what an approval node, or a plan, waits for. */
async function decideRequest(
  store: Store,
  runId: string,
  input: Input,
  context: OperationContext,
): Promise<Result> {
  const open = store
    .view(runId)
    .requests.filter(({ kind, node }) => kind !== 'escalation' && node !== null)
    .filter(({ node }) => input.node === undefined || node === input.node);
  const [request, second] = open;
  if (request === undefined || second !== undefined) throw noRequest(store, runId, input);
  const choice = input.action === 'approve' ? 'yes' : 'no';
  await answerRequest(context, runId, { choice, text: input.text, request: request.id });
  const node = request.node ?? undefined;
  const isSettled = (): true | null =>
    store.view(runId).state === 'paused' || store.node(runId, node ?? '')?.state !== 'waiting'
      ? true
      : null;
  await lookUntil(context, { store, runId, waitMs: proofMs }, isSettled);
  return answerOf(store, runId, { ...input, node }, { done: true, came: null });
}

function noRequest(store: Store, runId: string, { node, action }: Input): MoError {
  const { state, requests } = store.view(runId);
  const waiting = requests.flatMap((one) => (one.kind === 'escalation' ? [] : [one.node ?? '']));
  if (node !== undefined)
    return new MoError({
      code: 'node-state',
      runId,
      node,
      state: store.node(runId, node)?.state ?? 'unknown',
      wanted: 'waits for a yes',
      fix:
        waiting.length === 0
          ? `See what waits with: poll {run_id: "${runId}"}`
          : `What waits: ${waiting.join(', ')}.`,
    });
  if (waiting.length > 1)
    return new MoError({
      code: 'bad-input',
      what: `${waiting.length} nodes of ${runId} wait for a yes.`,
      fix: `Name the one to ${action}: ${waiting.join(', ')}.`,
    });
  const fix = isOver(state)
    ? `See how it ended with: output {run_id: "${runId}"}`
    : `See what it does with: poll {run_id: "${runId}"}`;
  return new MoError({ code: 'wrong-state', runId, state, wanted: 'waiting for a yes', fix });
}

function answerOf(
  store: Store,
  runId: string,
  { action, node }: Pick<Input, 'action' | 'node'>,
  { done, came }: { done: boolean; came: RunEvent | null },
): Result {
  const taken = came?.type === 'nodes.invalidated' ? came : { nodes: [], dropped: [] };
  const names = [...new Set([...(node === undefined ? [] : [node]), ...taken.nodes])];
  const more =
    Math.max(0, taken.nodes.length - mostNames) + Math.max(0, taken.dropped.length - mostNames);
  const { state } = store.view(runId);
  const isWaiting = state === 'paused' || state === 'needs_rerun';
  return {
    run_id: runId,
    action,
    state,
    done,
    nodes: names.slice(0, mostNodes).flatMap((name) => {
      const view = store.node(runId, name);
      return view === null ? [] : [{ node: name, status: view.state }];
    }),
    invalidated: taken.nodes.slice(0, mostNames),
    dropped: taken.dropped.slice(0, mostNames),
    ...(more === 0 ? {} : { more }),
    next: isWaiting
      ? `workflow_control {run_id: "${runId}", action: "resume"}`
      : `poll {run_id: "${runId}"}`,
  };
}
