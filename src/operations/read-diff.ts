import { createGit } from '../git/git.ts';
import { patchBetween } from '../git/patch.ts';
import type { Store } from '../store/store.ts';
import type { OperationContext } from './context.ts';

type Place = { store: Store; runId: string; node: string | null };
type Range = { from: string; to: string };

/** What a node, or the whole run, has changed so far; empty where there is nothing. */
export async function readDiff(place: Place, context: OperationContext): Promise<string> {
  const range = place.node === null ? rangeOfRun(place) : rangeOfNode(place);
  if (range === null || range.from === range.to) return '';
  const { project } = place.store.spec(place.runId);
  const git = createGit(project, { env: context.env, signal: context.signal });
  const patch = await patchBetween(git, range);
  return patch.isCut ? `${patch.text}\n[the diff is longer than this]\n` : patch.text;
}

/** From the commit the run began on to what has landed on its branch; null outside git. */
export function rangeOfRun({ store, runId }: Place): Range | null {
  const { head } = store.view(runId);
  const { base } = store.spec(runId);
  return head === null || base === null ? null : { from: base, to: head };
}

const pageSize = 2_000;

/** The work of its last attempt that left any. */
function rangeOfNode({ store, runId, node }: Place): Range | null {
  let range: Range | null = null;
  let seq = 0;
  for (;;) {
    const page = store.readEvents(runId, seq, pageSize);
    for (const { event } of page) {
      const isWork = event.type === 'work.committed' || event.type === 'node.reused';
      if (isWork && event.node === node) {
        range = { from: event.work.base, to: event.work.commit };
      }
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return range;
    seq = last.seq;
  }
}
