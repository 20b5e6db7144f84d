import type { Action } from '../core/action.ts';
import { nodeKey } from '../core/node-key.ts';
import { isReusable, mayBeReused, reusedText } from '../core/reuse.ts';
import type { Run, RunNode } from '../core/run.ts';
import type { Route } from '../core/worker.ts';
import type { KeyedReceipt } from '../store/receipt-table.ts';
import { treeOf } from '../git/commit.ts';
import type { Git } from '../git/git.ts';
import { contractFor, judging } from './compose.ts';
import { promptVersion } from './prompt.ts';
import { sha256 } from './receipt.ts';
import { findReused, release } from './reuse.ts';
import { placeOf } from './start-place.ts';
import { providerOf, type AttemptDesk } from './watch-worker.ts';
import { withdrawReceipts } from './withdraw.ts';
import type { Engine } from './engine.ts';

type Start = Extract<Action, { do: 'start' }>;

/** Who is about to be asked what. */
type Asked = {
  git: Git;
  run: Run;
  node: RunNode;
  attempt: number;
  route: Route;
  /** The commit its gates will compare with. */
  base: string;
};

/** null: what comes of this start is for its own run alone. */
export function askedOf({ engine, recorder }: AttemptDesk, action: Start): Asked | null {
  const run = recorder.run();
  const node = run.nodes.get(action.node);
  const base = placeOf(run, action.node)?.base;
  const { attempt, route } = action;
  if (run.spec.reuse === 'never' || engine.repository === null || route === null) return null;
  if (node === undefined || base === undefined || !isReusable(node.spec)) return null;
  return { git: engine.repository.git, run, node, attempt, route, base };
}

/** The key it is started with; or what has to be done first, after which it is to be decided on again. */
type Before = { key: string | null } | { first: Promise<void> };

/**
 * What another run has proved for the same key is taken over. At once where nothing is to be looked at: slot and reservation of a start
 * are free for others until it is recorded.
 */
export function lookBefore(desk: AttemptDesk, asked: Asked): Before {
  const { engine, reuse } = desk;
  const { run, node } = asked;
  const { name, role } = node.spec;
  const from = judging.has(role) ? run.spec.base : null;
  const tree = reuse.trees.get(asked.base);
  const shownFrom = from === null ? null : reuse.trees.get(from);
  if (tree === undefined || shownFrom === undefined)
    return {
      first: learnTrees(desk, asked.git, from === null ? [asked.base] : [asked.base, from]),
    };
  const key = nodeKey(run, node, { ...contractOf(engine, asked), tree, shownFrom }, sha256);
  if (key === null || run.spec.reuse === 'fresh' || !mayBeReused(run, node)) return { key };
  const question = `${name} ${key}`;
  if (reuse.unanswered.has(question)) return { key };
  const candidates = engine.store.receiptsByKey(key, { runId: run.spec.runId, node: name });
  if (candidates.length === 0) return { key };
  return { first: takeOver(desk, { ...asked, key }, candidates) };
}

function contractOf(engine: Engine, { node: { spec }, route }: Asked) {
  const forcedSchema = providerOf(engine, spec, route).abilities.structuredOutput;
  const prompts = promptVersion({ pack: engine.pack, node: spec, forcedSchema });
  return { route, prompts, contract: contractFor(spec) };
}

async function learnTrees(
  { reuse }: AttemptDesk,
  git: Git,
  commits: readonly string[],
): Promise<void> {
  for (const commit of commits) reuse.trees.set(commit, await treeOf(git, commit));
}

async function takeOver(
  desk: AttemptDesk,
  asked: Asked & { key: string },
  candidates: readonly KeyedReceipt[],
): Promise<void> {
  const { engine, recorder, reuse } = desk;
  const { name } = asked.node.spec;
  const found = await findReused(desk, asked, candidates);
  if (found === null) {
    reuse.unanswered.add(`${name} ${asked.key}`);
    return;
  }
  if (!isAsItWas(recorder.run(), asked)) {
    release(desk, found);
    await withdrawReceipts(engine, recorder.run());
    return;
  }
  recorder.record([found.event], { receipts: [found.row] });
  engine.log(`${name}: ${reusedText(found.event.from)}`);
}

/** Nothing has landed since, and nobody has stopped, paused, skipped or invalidated anything that would keep it from starting. */
function isAsItWas(now: Run, { run, node }: Asked): boolean {
  if (now.paused !== null || now.status.status !== 'running') return false;
  return now.head === run.head && now.nodes.get(node.spec.name) === node;
}
