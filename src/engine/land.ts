import type { RunEvent, Work } from '../core/event.ts';
import type { Finding } from '../core/gate.ts';
import { MoError } from '../core/problem.ts';
import { gatesOfTree } from '../core/gates.ts';
import { afterFindings } from '../core/retry.ts';
import type { Run, RunNode } from '../core/run.ts';
import { commitTree, isAncestor, treeOf } from '../git/commit.ts';
import { inTurn } from '../git/in-turn.ts';
import { mergeInMemory } from '../git/merge.ts';
import { readRef, runRef, updateRef } from '../git/refs.ts';
import type { Git } from '../git/git.ts';
import { trailersOf } from './commit-message.ts';
import { judgeTree } from './judge-tree.ts';
import { mergedOf } from './merged-of.ts';
import { collectSoon } from './node-worktree.ts';
import { putBackBranch } from './run-branch.ts';
import { worktreePath } from './worktree-path.ts';
import type { Engine } from './engine.ts';
import type { Recorder } from './recorder.ts';

/** Whoever must not come between the move of the run's branch and the event that tells of it waits for this turn. */
export function landingTurn({ spec, epoch }: Run): string {
  return `landing of ${spec.runId} in epoch ${epoch}`;
}

/**
 * Brings a verified node's commits into the run's branch: merged in memory, the merged tree gated, then one compare-and-swap of the
 * ref. A conflict, or a merged tree that fails, goes back to the node.
 */
export async function performLanding(
  engine: Engine,
  recorder: Recorder,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  await inTurn(landingTurn(recorder.run()), () => landNode(engine, recorder, name, signal));
}

async function landNode(
  engine: Engine,
  recorder: Recorder,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const run = recorder.run();
  const node = run.nodes.get(name);
  const { repository } = engine;
  if (
    repository === null ||
    run.head === null ||
    node?.state.status !== 'verified' ||
    node.state.work === null
  )
    return;
  const { work, attempt } = node.state;
  const { git } = repository;
  const head = run.head.commit;
  const plan = await planLanding(git, run, node, work, head);
  if ('conflict' in plan) {
    if (await recordLanding(engine, recorder, git)) return;
    const findings = conflictFindings(plan.conflict);
    recorder.record([
      sendBack(engine, run, node, { attempt, cause: 'conflict', findings, carry: null }),
    ]);
    return;
  }
  const findings = await gateMerged(engine, run, node, { git, head, plan, signal });
  if (findings.length > 0) {
    if (await recordLanding(engine, recorder, git)) return;
    const carry: Work = { base: head, commit: plan.commit, tree: plan.tree, files: work.files };
    recorder.record([
      sendBack(engine, run, node, { attempt, cause: 'merged-gate', findings, carry }),
    ]);
    return;
  }
  signal.throwIfAborted();
  recorder.fence();
  if (!(await moveBranch(engine, recorder, { to: plan.commit, reason: `mo: land ${name}` })))
    return;
  recorder.record([{ type: 'node.landed', node: name, head: plan.commit, tree: plan.tree }]);
  engine.log(`${name}: landed`);
  if (node.spec.itemOf !== null) return;
  const path = worktreePath(engine, run, node);
  collectSoon(engine, repository, { runId: run.spec.runId, path, node: name, attempt });
}

type Plan = { commit: string; tree: string; isMerged: boolean };

type Landed = Extract<RunEvent, { type: 'node.landed' }>;

/**
 * The ref moved but the owner died before it could say so: the branch holds the work of a node that is not known to have landed. Looked
 * for when a landing is refused; one that is not has found the branch where it was known to be. The node that was to land comes again.
 */
async function recordLanding(engine: Engine, recorder: Recorder, git: Git): Promise<boolean> {
  const landed = await unrecordedLanding(git, recorder.run());
  if (landed === null) return false;
  recorder.record([landed]);
  engine.log(`${landed.node}: landed by an owner that could not say so`);
  return true;
}

async function unrecordedLanding(git: Git, run: Run): Promise<Landed | null> {
  const found = await readRef(git, runRef(run.spec.runId));
  if (found === null || found === run.head?.commit) return null;
  for (const [node, { state }] of run.nodes) {
    if (state.status !== 'verified' || state.landed || state.work === null) continue;
    if (await isAncestor(git, state.work.commit, found)) {
      return { type: 'node.landed', node, head: found, tree: await treeOf(git, found) };
    }
  }
  return null;
}

async function planLanding(
  git: Git,
  run: Run,
  node: RunNode,
  work: Work,
  head: string,
): Promise<Plan | { conflict: string[] }> {
  const forward: Plan = { commit: work.commit, tree: work.tree, isMerged: false };
  // A commit is its base or a descendant of it.
  if (work.base === head) return forward;
  const [isForward, merged] = await Promise.all([
    isAncestor(git, head, work.commit),
    mergeInMemory(git, { ours: head, theirs: work.commit }),
  ]);
  if (isForward) return forward;
  if (!merged.clean) return { conflict: merged.files };
  const commit = await commitTree(git, {
    tree: merged.tree,
    parents: [head, work.commit],
    message: `Land ${node.spec.name}`,
    trailers: trailersOf(run, node),
  });
  return { commit, tree: merged.tree, isMerged: true };
}

/** What was gated alone is gated again once it stands beside what others landed meanwhile. */
async function gateMerged(
  engine: Engine,
  run: Run,
  node: RunNode,
  { git, head, plan, signal }: { git: Git; head: string; plan: Plan; signal: AbortSignal },
): Promise<readonly Finding[]> {
  if (!plan.isMerged) return [];
  const commands = node.spec.gates.flatMap((gate) => (gate.gate === 'command' ? [gate] : []));
  const verdicts = await judgeTree(engine, run, {
    base: head,
    commit: plan.commit,
    gates: gatesOfTree(commands, run.spec.settings, await mergedOf(git, plan.commit)),
    evidence: `landing-${node.spec.name}`,
    signal,
  });
  return verdicts.filter((one) => !one.pass).flatMap((one) => one.findings);
}

/**
 * One compare-and-swap. False when an owner that was replaced between its last look and its swap was quicker: what it landed, it had
 * gated, and is recorded. A branch that somebody has deleted is put back first.
 */
async function moveBranch(
  engine: Engine,
  recorder: Recorder,
  move: { to: string; reason: string },
): Promise<boolean> {
  const { repository } = engine;
  if (repository === null) return false;
  const { git } = repository;
  const swap = (): Promise<void> => moveRunRef(git, recorder.run(), move.to, move.reason);
  try {
    await swap();
  } catch (cause) {
    if (!(cause instanceof MoError) || cause.code !== 'target-moved') throw cause;
    if (await recordLanding(engine, recorder, git)) return false;
    if (!(await putBackBranch(engine, recorder, recorder.run()))) throw cause;
    await swap();
  }
  return true;
}

/** The run's branch comes into being with the first landing; one of that name that is there before is somebody else's and is never moved. */
async function moveRunRef(git: Git, run: Run, to: string, reason: string): Promise<void> {
  const expected = run.head?.commit === run.spec.base ? null : (run.head?.commit ?? null);
  await updateRef(git, { ref: runRef(run.spec.runId), to, expected, reason });
}

function conflictFindings(files: readonly string[]): Finding[] {
  return files.map((file) => ({
    severity: 'major',
    title: `conflicts in ${file}`,
    file,
    line: null,
    evidence:
      'Another node changed the same place and landed first. Start from the branch as it is now and make your change again.',
  }));
}

function sendBack(
  engine: Engine,
  run: Run,
  node: RunNode,
  back: {
    attempt: number;
    cause: 'conflict' | 'merged-gate';
    findings: readonly Finding[];
    carry: Work | null;
  },
): RunEvent {
  const { attempt, cause, carry } = back;
  const findings = [...back.findings];
  const next = afterFindings(node, cause, findings, engine.clock.now());
  const { name } = node.spec;
  engine.log(`${name}: ${cause}, ${findings.length} findings in ${run.spec.runId}`);
  if (!next.again) return { type: 'node.failed', node: name, message: next.message, findings };
  return {
    type: 'node.returned',
    node: name,
    attempt,
    cause,
    message: findings[0]?.title ?? cause,
    findings,
    notBefore: next.notBefore,
    counts: next.counts,
    exclude: null,
    carry,
  };
}
