import { join } from 'node:path';
import type { GateSpec } from '../core/node.ts';
import type { Verdict } from '../core/gate.ts';
import type { Run } from '../core/run.ts';
import { treeOf } from '../git/commit.ts';
import { isClean } from '../git/status.ts';
import type { Repository } from '../git/repository.ts';
import { runGates } from '../gates/run-gates.ts';
import { secretsOfRun } from './profile-secrets.ts';
import { sha256 } from './receipt.ts';
import { landingWorktree } from './node-worktree.ts';
import type { Engine } from './engine.ts';

type Wish = {
  /** What the commit is compared with, where a gate looks at what changed. */
  base: string;
  commit: string;
  /** Of kind `syntax` and `command`. */
  gates: readonly GateSpec[];
  evidence: string;
  signal: AbortSignal;
};

/** Gates on a commit of the run's branch. Commands run in the run's own landing worktree. */
export async function judgeTree(engine: Engine, run: Run, wish: Wish): Promise<readonly Verdict[]> {
  const { repository } = engine;
  if (repository === null || wish.gates.length === 0) return [];
  const runFolder = engine.paths.runFolder(run.spec.runId);
  const tree = await treeOf(repository.git, wish.commit);
  const place = await placeOf(engine, run, { ...wish, repository, runFolder });
  return runGates(wish.gates, {
    scope: null,
    folder: place.folder,
    work: {
      git: repository.git,
      base: wish.base,
      commit: wish.commit,
      tree,
      changes: [],
      ignoredChanges: [],
      isUnchanged: place.isUnchanged,
    },
    rawFile: null,
    handoff: { value: null, findings: [] },
    runFolder,
    evidenceFolder: join(runFolder, 'gates', wish.evidence),
    secrets: await secretsOfRun(engine, run),
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

/** A checkout of the commit where something is run in it; what is only read is read from git. */
async function placeOf(
  engine: Engine,
  run: Run,
  wish: Wish & { repository: Repository; runFolder: string },
): Promise<{ folder: string; isUnchanged: () => Promise<boolean> }> {
  if (!wish.gates.some(runsCommands)) {
    return { folder: wish.runFolder, isUnchanged: async () => Promise.resolve(true) };
  }
  const { runId, settings } = run.spec;
  const { commit, signal } = wish;
  const worktree = await landingWorktree(engine, wish.repository, {
    runId,
    commit,
    settings,
    signal,
  });
  return { folder: worktree.path, isUnchanged: () => isClean(worktree) };
}

function runsCommands(spec: GateSpec): boolean {
  if (spec.gate !== 'syntax') return true;
  return Object.values(spec.commands).some((command) => command !== false);
}
