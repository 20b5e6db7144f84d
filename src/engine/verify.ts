import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { Verdict } from '../core/gate.ts';
import { gatesOfTree } from '../core/gates.ts';
import type { GateSpec } from '../core/node.ts';
import { MoError } from '../core/problem.ts';
import type { Run } from '../core/run.ts';
import type { Settings } from '../core/settings.ts';
import { addWorktree, removeWorktree } from '../git/worktree.ts';
import { treeOf } from '../git/commit.ts';
import { changesBetween } from '../git/diff.ts';
import { treeOfFolder } from '../git/folder-tree.ts';
import { openRepository, type Repository } from '../git/repository.ts';
import { isClean } from '../git/status.ts';
import { linkPaths } from '../git/set-up-paths.ts';
import type { Git } from '../git/git.ts';
import { runGates } from '../gates/run-gates.ts';
import { findKept, homeOfRun } from '../store/kept-file.ts';
import { secretsOfRun } from './profile-secrets.ts';
import { readRun } from './read-run.ts';
import { fromProject, type VerifyAnswer } from './verify-answer.ts';
import type { Engine } from './engine.ts';

type Subject = {
  git: Git;
  folder: string;
  base: string;
  commit: string;
  tree: string;
  scope: 'any' | Exclude<GateContextScope, null>;
};
type GateContextScope = Parameters<typeof runGates>[1]['scope'];

/** The gates again on what a run, or one node of it, has made: in a worktree of its own, so that whatever goes on there is not disturbed. */
export async function verifyRun(
  engine: Engine,
  wish: { runId: string; node: string | null; commands: readonly string[]; signal: AbortSignal },
): Promise<VerifyAnswer> {
  const run = readRun(engine.store, wish.runId);
  const { repository } = engine;
  const place = placeOf(run, wish.node);
  if (repository === null || place === null) {
    throw new MoError({
      code: 'nothing-to-show',
      what: `${wish.node ?? wish.runId} ${isToBeDoneAgain(run, wish.node) ? 'was invalidated and is not done again yet' : 'has changed nothing'}, so there is nothing to verify.`,
      fix: `See what it did with: output {run_id: "${wish.runId}"}`,
    });
  }
  const folder = await mkdtemp(join(tmpdir(), 'mo-verify-'));
  const worktree = await addWorktree(repository, {
    path: join(folder, 'tree'),
    base: place.commit,
  });
  try {
    await linkPaths(
      repository.root,
      worktree,
      run.spec.settings.worktrees?.link ?? ['node_modules'],
    );
    const tree = await treeOf(worktree.git, place.commit);
    const commands = wish.commands.length > 0 ? wish.commands : place.commands;
    const subject: Subject = {
      git: worktree.git,
      folder: worktree.path,
      base: place.base,
      commit: place.commit,
      tree,
      scope: place.scope,
    };
    const verdicts = await judge(engine, subject, {
      commands,
      settings: run.spec.settings,
      evidence: await homeOfRun(engine.paths, wish.runId),
      secrets: await secretsOfRun(engine, run),
      signal: wish.signal,
    });
    const receipt = await findKept(
      engine.paths,
      wish.node === null
        ? engine.paths.runReceipt(wish.runId)
        : engine.paths.receipt(wish.runId, wish.node),
    );
    const problems = wish.node === null ? rerunProblems(run) : [];
    return {
      pass: problems.length === 0 && verdicts.every((one) => one.pass),
      commit: place.commit,
      tree,
      verdicts,
      receipt: receipt === null ? null : relative(engine.project, receipt),
      problems,
    };
  } finally {
    await removeWorktree(repository, worktree, `refs/mo/parked/${wish.runId}/verify/1`);
    await rm(folder, { recursive: true, force: true });
  }
}

/** What passes proves nothing of a run of which a part is to be done again. */
function rerunProblems({ spec, status, nodes }: Run): string[] {
  if (status.status !== 'finished' || !status.rerun) return [];
  const again = [...nodes.values()]
    .filter(({ state }) => state.status === 'waiting')
    .map((node) => node.spec.name);
  const named = again.slice(0, 12).join(', ');
  return [
    `${spec.runId} is needs_rerun: ${named === '' ? 'a part of it' : named} is to be done again. Do it with: workflow_control {run_id: "${spec.runId}", action: "resume"}`,
  ];
}

function isToBeDoneAgain({ nodes }: Run, name: string | null): boolean {
  const node = nodes.get(name ?? '');
  return node?.state.status === 'waiting' && node.stale > 0;
}

/** Any git folder as it stands, against a base: for work that was not done through mo. */
export async function verifyFolder(
  engine: Engine,
  wish: {
    folder: string;
    base: string;
    commands: readonly string[];
    settings: Settings;
    /** Commands of the settings that do not count, because nobody has trusted them. */
    untrusted: { file: string; commands: readonly string[] } | null;
    signal: AbortSignal;
  },
): Promise<VerifyAnswer> {
  const folder = isAbsolute(wish.folder) ? wish.folder : resolve(engine.project, wish.folder);
  const repository: Repository = await openRepository(folder, {
    env: engine.env,
    signal: wish.signal,
  }).catch((cause: unknown) => {
    throw asAsked(cause);
  });
  const { git } = repository;
  const tree = await treeOfFolder(git);
  const base = await baseOf(git, wish.base);
  const subject: Subject = {
    git,
    folder: repository.root,
    base,
    commit: repository.head,
    tree,
    scope: 'any',
  };
  const evidence = join(engine.paths.folder, 'verify', engine.newUuid());
  const verdicts = await judge(engine, subject, {
    commands: wish.commands.length > 0 ? wish.commands : (wish.settings.gates?.commands ?? []),
    settings: wish.settings,
    evidence,
    // No run, so nobody has got a profile for it.
    secrets: [],
    signal: wish.signal,
  });
  const commit = (await isClean(repository)) ? repository.head : null;
  const problems = wish.commands.length > 0 ? [] : untrustedProblems(wish.untrusted);
  return {
    pass: problems.length === 0 && verdicts.every((one) => one.pass),
    commit,
    tree,
    verdicts,
    receipt: null,
    problems,
  };
}

function untrustedProblems(
  untrusted: { file: string; commands: readonly string[] } | null,
): string[] {
  if (untrusted === null) return [];
  const { file, commands } = untrusted;
  return [
    `${file} names commands that nobody has trusted as it is now, so they did not run: ${commands.join('; ')}. A person reads it, then: mo trust`,
  ];
}

async function judge(
  engine: Engine,
  subject: Subject,
  wish: {
    commands: readonly string[];
    settings: Settings;
    evidence: string;
    secrets: readonly string[];
    signal: AbortSignal;
  },
): Promise<Verdict[]> {
  const { git, folder, base, commit, tree, scope } = subject;
  const changes = await changesBetween(git, base, tree);
  const commands = wish.commands.map((command): GateSpec => ({
    gate: 'command',
    command,
    timeoutMs: null,
  }));
  const gates = gatesOfTree(commands, wish.settings, 'merged');
  const marker = `verify/${engine.newUuid()}`;
  const verdicts = await runGates([{ gate: 'scope' }, { gate: 'secrets' }, ...gates], {
    scope,
    folder,
    work: {
      git,
      base,
      commit,
      tree,
      changes,
      ignoredChanges: [],
      isUnchanged: async () => Promise.resolve(true),
    },
    rawFile: null,
    handoff: { value: null, findings: [] },
    runFolder: wish.evidence,
    evidenceFolder: join(wish.evidence, 'gates', 'asked'),
    secrets: wish.secrets,
    env: engine.env,
    clock: engine.clock,
    marker,
    runMarker: marker,
    signal: wish.signal,
  });
  return fromProject(engine, verdicts, wish.evidence);
}

function placeOf(run: Run, name: string | null) {
  if (name === null) {
    if (run.head === null || run.spec.base === null || run.head.commit === run.spec.base)
      return null;
    return {
      base: run.spec.base,
      commit: run.head.commit,
      scope: 'any' as const,
      commands: run.spec.gates,
    };
  }
  const node = run.nodes.get(name);
  if (node === undefined) {
    throw new MoError({
      code: 'node-not-found',
      runId: run.spec.runId,
      node: name,
      known: [...run.nodes.keys()],
    });
  }
  const work =
    node.state.status === 'verified' || node.state.status === 'gating'
      ? node.state.work
      : node.carry;
  if (work === null || work.files.length === 0) return null;
  const commands = node.spec.gates.flatMap((gate) =>
    gate.gate === 'command' ? [gate.command] : [],
  );
  return {
    base: work.base,
    commit: work.commit,
    scope: node.spec.scope ?? ('any' as const),
    commands,
  };
}

/** A folder that is none was named in this call, and another one is named there too. */
function asAsked(cause: unknown): unknown {
  if (!(cause instanceof MoError)) return cause;
  const { problem } = cause;
  return problem.code === 'folder-missing' ||
    problem.code === 'not-a-repository' ||
    problem.code === 'no-checkout'
    ? new MoError({ ...problem, call: 'verify {folder: "<folder>"}' }, { cause })
    : cause;
}

async function baseOf(git: Git, base: string): Promise<string> {
  const found = await git.run(['rev-parse', '--verify', '--quiet', `${base}^{commit}`], {
    accept: [0, 1, 128],
  });
  if (found.exitCode === 0) return found.stdout.trim();
  throw new MoError({
    code: 'bad-input',
    what: `${base} is no commit of this repository.`,
    fix: 'Give a branch, a tag or a commit as base.',
  });
}
