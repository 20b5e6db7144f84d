import { gatesOf } from '../core/gates.ts';
import { checkHandoff, contractOf } from '../core/handoff.ts';
import { withoutFillers } from '../core/strict-schema.ts';
import { afterFindings } from '../core/retry.ts';
import { isBlocking, type Finding } from '../core/gate.ts';
import type { RunEvent, Work } from '../core/event.ts';
import type { Json } from '../core/json.ts';
import type { Run, RunNode } from '../core/run.ts';
import { ignoredChanges } from '../git/ignored.ts';
import { nodeRef, readRef, updateRef } from '../git/refs.ts';
import { commitWork } from '../git/snapshot.ts';
import { openWorktree } from '../git/worktree.ts';
import { isClean } from '../git/status.ts';
import { runGates } from '../gates/run-gates.ts';
import type { GateContext } from '../gates/gate-context.ts';
import type { Worktree } from '../git/worktree-list.ts';
import { messageOf, trailersOf } from './commit-message.ts';
import { readPlan, writePlan } from './expand.ts';
import { gateMarker } from './judge-tree.ts';
import { collectSoon, readIgnored } from './node-worktree.ts';
import { dropRaw } from './raw.ts';
import { judgeSharedSettings } from './shared-settings.ts';
import { settleApproval } from './approval.ts';
import { performPassWhen } from './pass-when.ts';
import { proveNode } from './receipt.ts';
import { withdrawReceipts } from './withdraw.ts';
import type { Engine } from './engine.ts';
import type { Recorder } from './recorder.ts';

/** Proves or refuses what an attempt left: mo commits it, the gates look at it, a receipt makes the node verified. Safe to be done again. */
export async function performGate(
  engine: Engine,
  recorder: Recorder,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const run = recorder.run();
  const node = run.nodes.get(name);
  if (node === undefined) return;
  if (node.spec.kind === 'approval') return settleApproval(engine, recorder, node);
  if (node.spec.kind === 'gate') return performPassWhen(engine, recorder, name);
  if (node.state.status !== 'gating') return;
  const { attempt, base } = node.state;
  const isCurrent = (): boolean => {
    const now = recorder.run().nodes.get(name);
    return now?.state.status === 'gating' && attempt > now.stale;
  };
  const worktree =
    engine.repository === null || base === null
      ? null
      : await openWorktree(engine.repository, engine.paths.worktree(run.spec.runId, name));
  recorder.fence();
  if (worktree === null && engine.repository !== null && base !== null) {
    // Without a worktree there is nothing to prove, so nothing is proved.
    if (isCurrent())
      recorder.record([sendBack(engine, node, { attempt, findings: [goneWorktree], work: null })]);
    return;
  }
  const committed =
    worktree === null || base === null
      ? null
      : await commitAttempt(run, node, { worktree, base, attempt });
  const work = committed?.work ?? null;
  if (work !== null) recorder.record([{ type: 'work.committed', node: name, attempt, work }]);
  const handoff = readHandoff(run, node, node.state.handoff);
  const context = await contextOf(engine, run, node, {
    attempt,
    worktree,
    committed,
    handoff,
    signal,
  });
  const planted =
    engine.repository === null
      ? null
      : await judgeSharedSettings(
          engine.paths.attemptFolder(run.spec.runId, name, attempt),
          engine.repository,
        );
  const gates = await runGates(gatesOf(node.spec, run.spec.settings), context);
  const verdicts = planted === null ? gates : [planted, ...gates];
  const judged = verdicts.map((verdict): RunEvent => ({
    type: 'gate.judged',
    node: name,
    attempt,
    verdict,
  }));
  const findings = verdicts
    .filter((one) => !one.pass)
    .flatMap((one) => one.findings.filter(isBlocking));
  if (verdicts.every((one) => one.pass)) {
    const verified = await proveNode(engine, run, node, {
      attempt,
      work,
      verdicts,
      handoff: handoff.value,
    });
    // Whoever sees the plan's node verified is asked about the plan, and finds it there.
    await keepPlan(engine, run, node, handoff.value);
    // Nothing is proved by what has become history while it was gated.
    if (!isCurrent()) return withdrawReceipts(engine, recorder.run());
    recorder.record([...judged, verified.event], { receipts: [verified.row] });
    await freeWorktree(engine, run, node, { attempt, work });
  } else {
    if (!isCurrent()) return;
    recorder.record([...judged, sendBack(engine, node, { attempt, findings, work })]);
  }
  await dropRaw(engine, run, name, attempt);
  const failed = verdicts.filter((one) => !one.pass).map((one) => one.name);
  engine.log(
    `${name} attempt ${attempt}: ${failed.length === 0 ? 'verified' : `refused by ${failed.join(', ')}`}`,
  );
}

const goneWorktree: Finding = {
  severity: 'critical',
  title: 'The worktree is gone',
  file: null,
  line: null,
  evidence:
    'The folder you work in was removed or is no worktree of the repository any more. Leave it and its .git file where they are.',
};

async function commitAttempt(
  run: Run,
  node: RunNode,
  place: { worktree: Worktree; base: string; attempt: number },
) {
  const { worktree, base, attempt } = place;
  const done = await commitWork(worktree, {
    base,
    message: messageOf(node),
    trailers: trailersOf(run, node),
  });
  const files = done.changes.flatMap((change) =>
    change.oldPath === null ? [change.path] : [change.oldPath, change.path],
  );
  const work: Work = {
    base,
    commit: done.commit,
    tree: done.tree,
    files: [...new Set(files)].toSorted(),
  };
  // A ref of its own, so that the commits outlive the worktree and people can look at them.
  const ref = nodeRef(run.spec.runId, node.spec.name);
  const there = await readRef(worktree.git, ref);
  if (there !== work.commit)
    await updateRef(worktree.git, {
      ref,
      to: work.commit,
      expected: there,
      reason: `mo: attempt ${attempt}`,
    });
  return { work, done };
}

async function contextOf(
  engine: Engine,
  run: Run,
  node: RunNode,
  found: {
    attempt: number;
    worktree: Worktree | null;
    committed: Awaited<ReturnType<typeof commitAttempt>> | null;
    handoff: { value: Json | null; findings: readonly Finding[] };
    signal: AbortSignal;
  },
): Promise<GateContext> {
  const { attempt, worktree, committed } = found;
  const folder = engine.paths.attemptFolder(run.spec.runId, node.spec.name, attempt);
  const raw = `${folder}/raw.ndjson`;
  return {
    scope: node.spec.scope,
    folder: worktree?.path ?? engine.project,
    work:
      worktree === null || committed === null
        ? null
        : {
            git: worktree.git,
            base: committed.work.base,
            commit: committed.work.commit,
            tree: committed.work.tree,
            changes: committed.done.changes,
            ignoredChanges: await ignoredChanges(worktree, await readIgnored(folder)),
            isUnchanged: () => isClean(worktree),
          },
    rawFile: node.spec.kind === 'agent' ? raw : null,
    handoff: found.handoff,
    runFolder: engine.paths.runFolder(run.spec.runId),
    evidenceFolder: `${folder}/gates`,
    env: engine.env,
    clock: engine.clock,
    marker: gateMarker(engine, run, `${node.spec.name}/${attempt}`),
    signal: found.signal,
  };
}

/** The handoff against its contract; a planner's as well against the rules of a graph, so that a bad plan goes back to its planner. */
function readHandoff(
  run: Run,
  node: RunNode,
  value: Json | null,
): { value: Json | null; findings: readonly Finding[] } {
  const { spec } = node;
  if (spec.kind !== 'agent') return { value, findings: [] };
  const contract = spec.contract ?? contractOf(spec.role);
  const checked = checkHandoff({
    role: spec.role,
    contract: spec.contract,
    value: value === null ? null : withoutFillers(contract, value),
  });
  if ('findings' in checked) return { value, findings: checked.findings };
  const refusal = reportsToGate(run, spec) ? null : refusalOf(spec.emit, checked.handoff);
  if (refusal !== null) return { value: checked.handoff, findings: [refusal] };
  if (spec.emit !== 'nodes') return { value: checked.handoff, findings: [] };
  const plan = readPlan(run, spec.name, checked.handoff);
  return { value: checked.handoff, findings: 'findings' in plan ? plan.findings : [] };
}

/** A reader whose answer a gate node weighs may answer that it is not good: the gate says what follows from that. */
function reportsToGate(run: Run, { name, write }: RunNode['spec']): boolean {
  if (write) return false;
  return [...run.nodes.values()].some(
    ({ spec }) => spec.kind === 'gate' && spec.needs.includes(name),
  );
}

/** Whoever says itself that the work is not done has not done it. A reviewer's `needs_repair` is an answer, not a failure. */
function refusalOf(emit: RunNode['spec']['emit'], handoff: Json): Finding | null {
  if (
    emit === 'review' ||
    typeof handoff !== 'object' ||
    handoff === null ||
    Array.isArray(handoff)
  )
    return null;
  const { status, summary } = handoff;
  if (status !== 'fail' && status !== 'blocked' && status !== 'needs_repair') return null;
  const title = `The worker says ${status}: ${typeof summary === 'string' ? summary.slice(0, 300) : 'without a reason'}`;
  return { severity: 'major', title, file: null, line: null, evidence: 'status of the handoff' };
}

async function keepPlan(
  engine: Engine,
  run: Run,
  node: RunNode,
  handoff: Json | null,
): Promise<void> {
  if (node.spec.emit !== 'nodes' || handoff === null) return;
  const plan = readPlan(run, node.spec.name, handoff);
  const summary = typeof handoff === 'object' && !Array.isArray(handoff) ? handoff['summary'] : '';
  if ('nodes' in plan)
    await writePlan(engine, run, typeof summary === 'string' ? summary : '', plan.nodes);
}

async function freeWorktree(
  engine: Engine,
  run: Run,
  node: RunNode,
  { attempt, work }: { attempt: number; work: Work | null },
): Promise<void> {
  // A writer's worktree is needed until its work has landed.
  if (engine.repository !== null && (work === null || work.files.length === 0)) {
    collectSoon(engine, engine.repository, {
      runId: run.spec.runId,
      node: node.spec.name,
      attempt,
    });
  }
}

function sendBack(
  engine: Engine,
  node: RunNode,
  { attempt, findings, work }: { attempt: number; findings: readonly Finding[]; work: Work | null },
): RunEvent {
  const next = afterFindings(node, 'gate', findings, engine.clock.now());
  const { name, write } = node.spec;
  if (!next.again)
    return { type: 'node.failed', node: name, message: next.message, findings: [...findings] };
  return {
    type: 'node.returned',
    node: name,
    attempt,
    cause: 'gate',
    message: findings[0]?.title ?? 'a gate refused the result',
    findings: [...findings],
    notBefore: next.notBefore,
    counts: next.counts,
    exclude: null,
    // A reader that wrote starts clean; a writer goes on from what it has.
    carry: write ? work : null,
  };
}
