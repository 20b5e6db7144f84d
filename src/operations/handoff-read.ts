import { join } from 'node:path';
import type { z } from 'zod';
import { MoError } from '../core/problem.ts';
import { role } from '../core/names.ts';
import type { NodeView } from '../core/view.ts';
import { findKept } from '../store/kept-file.ts';
import type { OperationContext } from './context.ts';
import type { handoffInput, handoffOutput } from './handoff.ts';
import { placeOfNode, type NodePlace } from './node-spec.ts';
import { checkCursor, pageOfFile } from './page.ts';

/** Quotes and backslashes take twice the room in the answer, which is JSON again. */
const pageBytes = 3_800;
const mostAttempts = 20;

/** A page of the newest handoff of a node, and what became of those there are. */
export async function readHandoff(
  input: z.output<typeof handoffInput>,
  context: OperationContext,
): Promise<z.input<typeof handoffOutput>> {
  const place = await placeOfNode(input, context);
  const { store, runId, node } = place;
  const view = store.node(runId, node);
  const attempts = view === null ? [] : await attemptsOf(place, view);
  const [newest] = attempts;
  const file = newest === undefined ? null : await fileOf(place, newest.attempt);
  const page =
    file === null ? null : await pageOfFile(file, { from: input.cursor, most: pageBytes });
  if (view === null || newest === undefined || page === null) throw nothingYet(place, view);
  const more = page.end < page.total;
  const call = `handoff {action: "read", run_id: "${runId}", node: "${node}"}`;
  checkCursor(input.cursor, page.total, call);
  return {
    role: role.parse(view.role),
    attempt: newest.attempt,
    stale: newest.state === 'stale',
    attempts: attempts.slice(0, mostAttempts),
    text: page.text,
    bytes: page.total,
    ...(more
      ? {
          cursor: page.end,
          next: `bytes ${input.cursor} to ${page.end} of ${page.total}; go on with cursor ${page.end}`,
        }
      : {}),
  };
}

type Attempt = { attempt: number; state: 'accepted' | 'judging' | 'refused' | 'stale' };

/** Attempts that gave a handoff, newest first. One that had a receipt and is not what the node is verified by any more is stale. */
async function attemptsOf(place: NodePlace, view: NodeView): Promise<Attempt[]> {
  const { store, runId, node } = place;
  const proved = new Set(
    store.receipts(runId).flatMap((one) => (one.node === node ? [one.attempt] : [])),
  );
  const found: Attempt[] = [];
  for (let attempt = view.attempt; attempt > 0; attempt -= 1) {
    if ((await fileOf(place, attempt)) === null) continue;
    const isNewest = attempt === view.attempt;
    if (isNewest && view.state === 'verified') found.push({ attempt, state: 'accepted' });
    else if (isNewest && view.state === 'gating') found.push({ attempt, state: 'judging' });
    else found.push({ attempt, state: proved.has(attempt) ? 'stale' : 'refused' });
  }
  return found;
}

/** That of a reused node is where it was made; null where there is none. */
async function fileOf({ store, runId, node }: NodePlace, attempt: number): Promise<string | null> {
  const view = store.node(runId, node);
  const from = view?.reused ?? null;
  const folder =
    from === null || view?.attempt !== attempt
      ? store.paths.attemptFolder(runId, node, attempt)
      : store.paths.attemptFolder(from.run, from.node, from.attempt);
  return findKept(store.paths, join(folder, 'handoff.json'));
}

function nothingYet({ runId, node }: NodePlace, view: NodeView | null): MoError {
  return new MoError({
    code: 'nothing-to-show',
    what: `Node ${node} of ${runId} has no handoff yet (${view?.state ?? 'unknown'}).`,
    fix: `Wait with poll {run_id: "${runId}"}; what its worker said last is output {part: "result"}.`,
  });
}
