import { join } from 'node:path';
import { gatesOf } from '../core/gates.ts';
import { attemptsOfSession } from '../core/going-on.ts';
import { isBlocking, type Finding } from '../core/gate.ts';
import { goesOn, isInterrupted } from '../core/told.ts';
import type { RunEvent, Work } from '../core/event.ts';
import type { Json } from '../core/json.ts';
import type { Run, RunNode } from '../core/run.ts';
import { ignoredChanges } from '../git/ignored.ts';
import { nodeRef } from '../git/refs.ts';
import { commitWork } from '../git/snapshot.ts';
import { openWorktree } from '../git/worktree.ts';
import { isClean } from '../git/status.ts';
import { runGates } from '../gates/run-gates.ts';
import type { GateContext } from '../gates/gate-context.ts';
import type { Worktree } from '../git/worktree-list.ts';
import { messageOf, trailersOf } from './commit-message.ts';
import { readPlan, writePlan } from './expand.ts';
import { gateMarkers } from './judge-tree.ts';
import { collectSoon, readIgnored } from './node-worktree.ts';
import { dropRaw } from './raw.ts';
import { judgeSharedSettings } from './shared-settings.ts';
import { settleApproval } from './approval.ts';
import { performPassWhen } from './pass-when.ts';
import { secretsOfRun } from './profile-secrets.ts';
import { readHandoff, type ReadHandoff } from './read-handoff.ts';
import { proveNode } from './receipt.ts';
import { askAgain, canGoOn, sendBack } from './send-back.ts';
import { withdrawReceipts } from './withdraw.ts';
import { worktreePath } from './worktree-path.ts';
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
      : await openWorktree(engine.repository, worktreePath(engine, run, node));
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
  if (goesOnTold(engine, recorder, { name, attempt, work })) return;
  const attemptFolder = engine.paths.attemptFolder(run.spec.runId, name, attempt);
  const handoff = await readHandoff(run, node, { value: node.state.handoff, attemptFolder });
  const context = await contextOf(engine, run, node, {
    attempt,
    worktree,
    committed,
    handoff,
    signal,
  });
  const planted =
    engine.repository === null ? null : await judgeSharedSettings(attemptFolder, engine.repository);
  const gates = await runGates(gatesOf(node.spec, run.spec.settings), context);
  const verdicts = planted === null ? gates : [planted, ...gates];
  const judged = verdicts.map((verdict): RunEvent => ({
    type: 'gate.judged',
    node: name,
    attempt,
    verdict,
  }));
  if (goesOnTold(engine, recorder, { name, attempt, work })) return;
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
    const isMisfit =
      handoff.isMisfit && verdicts.every((one) => one.pass || one.gate === 'handoff');
    const session = isMisfit ? node.state.ending.session : null;
    recorder.record([
      ...judged,
      askAgain(engine, node, { attempt, findings, work, session }) ??
        sendBack(engine, node, { attempt, findings, work }),
    ]);
  }
  await dropRaw(engine, run, name, attempt);
  const failed = verdicts.filter((one) => !one.pass).map((one) => one.name);
  engine.log(
    `${name} attempt ${attempt}: ${failed.length === 0 ? 'verified' : `refused by ${failed.join(', ')}`}`,
  );
}

/** A worker that is to hear something first is asked to go on, and nothing is made of its work yet. */
function goesOnTold(
  engine: Engine,
  recorder: Recorder,
  { name, attempt, work }: { name: string; attempt: number; work: Work | null },
): boolean {
  const run = recorder.run();
  const node = run.nodes.get(name);
  if (node?.state.status !== 'gating' || !isInterrupted(run, node)) return false;
  const canResume = canGoOn(engine, node, node.state.ending.session);
  recorder.record([goesOn(node, { attempt, carry: node.spec.write ? work : null, canResume })]);
  engine.log(`${name} attempt ${attempt}: goes on under what it was told`);
  return true;
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
    // A ref of its own, so that the commits outlive the worktree and people can look at them.
    keep: {
      ref: nodeRef(run.spec.runId, node.spec.name),
      expected: node.carry?.commit ?? null,
      reason: `mo: attempt ${attempt}`,
    },
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
    handoff: ReadHandoff;
    signal: AbortSignal;
  },
): Promise<GateContext> {
  const { attempt, worktree, committed } = found;
  const folder = engine.paths.attemptFolder(run.spec.runId, node.spec.name, attempt);
  const raw = `${folder}/raw.ndjson`;
  // Who goes on does so in the worktree of the attempt before it.
  const first = attemptsOfSession(node)[0]?.attempt ?? attempt;
  const before = engine.paths.attemptFolder(run.spec.runId, node.spec.name, first);
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
            ignoredChanges: await ignoredChanges(
              worktree,
              await readIgnored(before),
              committed.done.ignored,
            ),
            isUnchanged: () => isClean(worktree),
          },
    rawFile: node.spec.kind === 'agent' ? raw : null,
    handoff: {
      ...found.handoff,
      ...(node.spec.contract === null ? { claims: { events: eventFiles(engine, run, node) } } : {}),
    },
    runFolder: engine.paths.runFolder(run.spec.runId),
    evidenceFolder: `${folder}/gates`,
    secrets: await secretsOfRun(engine, run),
    env: engine.env,
    clock: engine.clock,
    ...gateMarkers(engine, run, `${node.spec.name}/${attempt}`),
    signal: found.signal,
  };
}

/** The events that show what a worker ran, over all attempts of its session; null where they do not show all of it. */
function eventFiles(engine: Engine, run: Run, node: RunNode): string[] | null {
  const provider = node.attempts.at(-1)?.route?.provider;
  const { abilities } = engine.providers.find((one) => one.name === provider) ?? {};
  // What a session did before it came to this node is in no event of this run.
  if (abilities?.commands !== true || node.spec.resume !== null) return null;
  return attemptsOfSession(node).map(({ attempt }) =>
    join(engine.paths.attemptFolder(run.spec.runId, node.spec.name, attempt), 'events.ndjson'),
  );
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
  // A writer's worktree is needed until its work has landed, that of an item by the next one.
  if (node.spec.itemOf !== null) return;
  if (engine.repository !== null && (work === null || work.files.length === 0)) {
    collectSoon(engine, engine.repository, {
      runId: run.spec.runId,
      path: worktreePath(engine, run, node),
      node: node.spec.name,
      attempt,
    });
  }
}
