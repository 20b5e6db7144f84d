import { MoError } from '../core/problem.ts';
import type { NodeSpec } from '../core/node.ts';
import type { Store } from '../store/store.ts';
import type { OperationContext } from './context.ts';
import { checkNode, findRun } from './find-run.ts';

type Asked = { run_id?: string | undefined; node?: string | undefined };

export type NodePlace = { store: Store; runId: string; node: string };

/** The node that is meant; where the run has only one, it need not be named. */
export async function placeOfNode(asked: Asked, context: OperationContext): Promise<NodePlace> {
  if (asked.run_id === undefined) {
    throw new MoError({
      code: 'bad-input',
      what: 'A handoff belongs to a node of a run.',
      fix: 'Give run_id and node.',
    });
  }
  const { store, runId } = await findRun(context, asked.run_id);
  if (asked.node !== undefined) {
    checkNode(store, runId, asked.node);
    return { store, runId, node: asked.node };
  }
  const names = store.nodeNames(runId);
  const [only] = names;
  if (names.length === 1 && only !== undefined) return { store, runId, node: only };
  throw new MoError({
    code: 'bad-input',
    what: `The handoff belongs to a node and ${runId} has ${names.length}.`,
    fix: `Name one with node: ${names.slice(0, 12).join(', ')}.`,
  });
}

const pageSize = 2_000;

/** What a node is to do, whether the run began with it or got it on the way. */
export async function specOfNode(asked: Asked, context: OperationContext): Promise<NodeSpec> {
  const { store, runId, node } = await placeOfNode(asked, context);
  const first = store.spec(runId).nodes.find((one) => one.name === node);
  if (first !== undefined) return first;
  let found: NodeSpec | undefined;
  let seq = 0;
  for (;;) {
    const page = store.readEvents(runId, seq, pageSize);
    for (const { event } of page) {
      if (event.type === 'nodes.added')
        found = event.nodes.find((one) => one.name === node) ?? found;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) break;
    seq = last.seq;
  }
  if (found !== undefined) return found;
  throw new MoError({ code: 'node-not-found', runId, node, known: store.nodeNames(runId) });
}
