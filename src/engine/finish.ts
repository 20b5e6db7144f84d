import { stringify } from 'yaml';
import { relative } from 'node:path';
import { makeReport } from '../core/report.ts';
import type { Source } from '../core/report-reproduce.ts';
import { renderReport } from '../core/report-text.ts';
import type { Run } from '../core/run.ts';
import { branchOf } from '../core/view.ts';
import { readText, writeWhole } from '../platform/files.ts';
import { removeLeftBehind } from '../gates/left-behind.ts';
import { removeLeftTemporary } from '../supervisor/temporary-folder.ts';
import { collectWorktree, landingPath } from './node-worktree.ts';
import { runGateMarker } from './judge-tree.ts';
import { dropRaw } from './raw.ts';
import { eventsOf } from './read-run.ts';
import { worktreesOf } from './worktree-path.ts';
import type { Engine } from './engine.ts';
import type { Repository } from '../git/repository.ts';

/** The report, and the worktrees nobody needs any more. Safe to be done again. */
export async function finishRun(engine: Engine, run: Run): Promise<void> {
  const { runId } = run.spec;
  await writeReport(engine, run);
  await writeWhole(engine.paths.workflow(runId), workflowText(run));
  if (run.status.status !== 'finished') return;
  await clearTemporary(engine, run);
  await clearGates(engine, run);
  const { repository } = engine;
  if (repository === null) return;
  for (const [path, { spec, attempts }] of worktreesOf(engine, run))
    await collect(engine, repository, { runId, path, node: spec.name, attempt: attempts.length });
  // An owner that died may have left it.
  for (const [name, { attempts }] of run.nodes)
    for (const { attempt } of attempts) await dropRaw(engine, run, name, attempt);
  const path = landingPath(engine, runId);
  await collect(engine, repository, { runId, path, node: null, attempt: 1 });
}

/** An owner that died, or a worker that could not be adopted, may have left them. */
async function clearTemporary(engine: Engine, run: Run): Promise<void> {
  for (const [name, { attempts }] of run.nodes) {
    for (const { attempt } of attempts) {
      const folder = engine.paths.attemptFolder(run.spec.runId, name, attempt);
      await removeLeftTemporary(folder).catch((cause: unknown) => {
        const reason = cause instanceof Error ? cause.message : String(cause);
        engine.log(`${name} attempt ${attempt}: its temp folder is kept: ${reason}`);
      });
    }
  }
}

/** The first owner of a run has had nobody before it who could have died in a gate. */
async function clearGates(engine: Engine, run: Run): Promise<void> {
  if (run.epoch <= 1) return;
  const { clock, env } = engine;
  try {
    await removeLeftBehind({ clock, env, runMarker: runGateMarker(engine, run) });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    engine.log(`what a gate has left is kept: ${reason}`);
  }
}

/** The same twice: for a person, and for a program. */
async function writeReport(engine: Engine, run: Run): Promise<void> {
  const { runId } = run.spec;
  const report = makeReport({
    run,
    events: eventsOf(engine.store, runId),
    branch: branchOf(run),
    source: await sourceOf(engine, runId),
  });
  await writeWhole(engine.paths.report(runId), renderReport(report));
  await writeWhole(engine.paths.reportData(runId), `${JSON.stringify(report, null, 1)}\n`);
}

async function sourceOf({ paths, project }: Engine, runId: string): Promise<Source | null> {
  if ((await readText(paths.source(runId))) === null) return null;
  const inputs = await readText(paths.inputs(runId));
  return {
    workflow: relative(project, paths.source(runId)),
    inputs: inputs === null ? null : relative(project, paths.inputs(runId)),
  };
}

/** A worktree that cannot be parked or removed is told of and stays: it is no reason for a run not to end. */
async function collect(
  engine: Engine,
  repository: Repository,
  wish: { runId: string; path: string; node: string | null; attempt: number },
): Promise<void> {
  try {
    await collectWorktree(repository, wish);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    engine.log(`${wish.node ?? 'landing'}: its worktree is kept: ${reason}`);
  }
}

/** As executed, with every node that was added. */
function workflowText(run: Run): string {
  const { runId, goal, recipe, base, target, land, gates, concurrency, budget } = run.spec;
  const nodes = Object.fromEntries(
    [...run.nodes].map(([name, node]) => [name, { ...node.spec, emitted_by: node.emittedBy }]),
  );
  return stringify({
    run: runId,
    goal,
    recipe,
    base,
    target,
    land,
    gates,
    concurrency,
    budget,
    nodes,
  });
}
