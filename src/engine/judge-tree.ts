import { join } from 'node:path';
import type { GateSpec } from '../core/node.ts';
import type { Verdict } from '../core/gate.ts';
import type { Run } from '../core/run.ts';
import { treeOf } from '../git/commit.ts';
import { isClean } from '../git/status.ts';
import { runGates } from '../gates/run-gates.ts';
import { sha256 } from './receipt.ts';
import { landingWorktree } from './node-worktree.ts';
import type { Engine } from './engine.ts';

/** Command gates on a commit of the run's branch, in the run's own landing worktree. */
export async function judgeTree(
  engine: Engine,
  run: Run,
  wish: { commit: string; commands: readonly GateSpec[]; evidence: string; signal: AbortSignal },
): Promise<readonly Verdict[]> {
  const { repository } = engine;
  if (repository === null || wish.commands.length === 0) return [];
  const { runId, settings } = run.spec;
  const worktree = await landingWorktree(engine, repository, {
    runId,
    commit: wish.commit,
    settings,
    signal: wish.signal,
  });
  const tree = await treeOf(worktree.git, wish.commit);
  const runFolder = engine.paths.runFolder(runId);
  return runGates(wish.commands, {
    scope: null,
    folder: worktree.path,
    work: {
      git: worktree.git,
      base: wish.commit,
      commit: wish.commit,
      tree,
      changes: [],
      ignoredChanges: [],
      isUnchanged: () => isClean(worktree),
    },
    rawFile: null,
    handoff: { value: null, findings: [] },
    runFolder,
    evidenceFolder: join(runFolder, 'gates', wish.evidence),
    env: engine.env,
    clock: engine.clock,
    ...gateMarkers(engine, run, wish.evidence),
    signal: wish.signal,
  });
}

/** The same after a crash, so that the next owner ends what the last one's gates left running; unique to the project. */
export function gateMarkers(
  engine: Engine,
  run: Run,
  place: string,
): { marker: string; runMarker: string } {
  const runMarker = runGateMarker(engine, run);
  return { runMarker, marker: `${runMarker}/${place}` };
}

export function runGateMarker({ paths }: Engine, { spec }: Run): string {
  return `gate/${sha256(paths.folder).slice(0, 12)}/${spec.runId}`;
}
