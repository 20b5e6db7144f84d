import { join } from 'node:path';
import { z } from 'zod';
import { checkoutCommit } from '../git/checkout.ts';
import { listIgnored, type IgnoredFiles } from '../git/ignored.ts';
import { inTurn } from '../git/in-turn.ts';
import { parkWorktree } from '../git/park.ts';
import { parkedRef } from '../git/refs.ts';
import { copyPaths, linkPaths } from '../git/set-up-paths.ts';
import { addWorktree, openWorktree, removeWorktree } from '../git/worktree.ts';
import type { Repository } from '../git/repository.ts';
import type { Worktree } from '../git/worktree-list.ts';
import type { Settings } from '../core/settings.ts';
import { readText, writeWhole } from '../platform/files.ts';
import { endLeftSetUp, runSetUp } from './set-up-commands.ts';
import type { Engine } from './engine.ts';

/** Where dependencies usually are that git ignores and every command of the project needs. */
const usualLinks = ['node_modules'];

export type WorktreeWish = {
  runId: string;
  /** Where it is; see `worktreePath`. */
  path: string;
  node: string;
  attempt: number;
  /** The commit the worker starts on. */
  from: string;
  settings: Settings;
  /** Aborted: setting it up ends. */
  signal: AbortSignal;
};

/** `isBare`: it was made a moment ago and holds nothing but what git tracks. */
export type Prepared = { worktree: Worktree; isBare: boolean };

/**
 * The worktree of a node, on `from`, with what the project's settings want in it. What an earlier attempt left there uncommitted is
 * parked first.
 */
export async function prepareWorktree(
  engine: Engine,
  repository: Repository,
  wish: WorktreeWish,
): Promise<Prepared> {
  const { path } = wish;
  // The last attempt's may still be on its way out.
  return inTurn(path, async () => {
    const existing = await openWorktree(repository, path);
    if (existing === null) {
      const made = await addWorktree(repository, { path, base: wish.from });
      return { worktree: made, isBare: !(await setUp(engine, repository, made, wish)) };
    }
    await parkWorktree(existing, parkedRef(wish.runId, wish.node, wish.attempt));
    await checkoutCommit(existing, wish.from);
    await setUp(engine, repository, existing, wish);
    return { worktree: existing, isBare: false };
  });
}

/** A worktree of the run in which merged trees are gated; one at a time uses it, because landing is serial. */
export async function landingWorktree(
  engine: Engine,
  repository: Repository,
  wish: { runId: string; commit: string; settings: Settings; signal: AbortSignal },
): Promise<Worktree> {
  const path = landingPath(engine, wish.runId);
  const existing = await openWorktree(repository, path);
  const worktree = existing ?? (await addWorktree(repository, { path, base: wish.commit }));
  await checkoutCommit(worktree, wish.commit);
  await setUp(engine, repository, worktree, wish);
  return worktree;
}

type Collected = { runId: string; path: string; node: string | null; attempt: number };

/** Removes a worktree; what exists only there is parked. */
export async function collectWorktree(repository: Repository, wish: Collected): Promise<void> {
  const { path } = wish;
  await inTurn(path, async () => {
    const worktree = await openWorktree(repository, path);
    if (worktree === null) return;
    const ref = parkedRef(wish.runId, wish.node ?? 'landing', wish.attempt);
    await removeWorktree(repository, worktree, ref);
  });
}

/** Nobody waits for it: landings follow each other sooner, and what fails here is done, or told, when the run finishes. */
export function collectSoon(engine: Engine, repository: Repository, wish: Collected): void {
  collectWorktree(repository, wish).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    engine.log(`${wish.node ?? 'landing'}: its worktree is kept for now: ${reason}`);
  });
}

const ignoredFile = z.array(z.tuple([z.string(), z.string()]));

/** The ignored files before the worker came, kept with the attempt so that whoever gates it can tell what it did to them. */
export async function keepIgnored(
  attemptFolder: string,
  { worktree, isBare }: Prepared,
): Promise<void> {
  const before = isBare ? [] : await listIgnored(worktree);
  await writeWhole(join(attemptFolder, 'ignored-before.json'), JSON.stringify([...before]), 0o600);
}

export async function readIgnored(attemptFolder: string): Promise<IgnoredFiles> {
  const text = await readText(join(attemptFolder, 'ignored-before.json'));
  return new Map(text === null ? [] : ignoredFile.parse(JSON.parse(text)));
}

/** Once for each worktree, to its end: an owner may die, or a command fail, in the middle of it. Whether anything was put there. */
async function setUp(
  engine: Engine,
  repository: Repository,
  worktree: Worktree,
  { settings, signal }: Pick<WorktreeWish, 'settings' | 'signal'>,
): Promise<boolean> {
  const note = noteOf(worktree);
  if ((await readText(note)) !== null) return true;
  const { link = usualLinks, copy = [], setup = [] } = settings.worktrees ?? {};
  const linked = await linkPaths(repository.root, worktree, link);
  const copied = await copyPaths(repository.root, worktree, copy);
  await runSetUp(engine, {
    folder: worktree.path,
    output: join(worktree.gitDir, 'mo-set-up-output'),
    commands: setup,
    signal,
  });
  await writeWhole(note, '');
  return linked.length + copied.length + setup.length > 0;
}

/** Ends set-up commands that an owner left running when it died in the middle of them. */
export async function endCutOffSetUp(
  engine: Engine,
  repository: Repository,
  path: string,
): Promise<void> {
  const worktree = await openWorktree(repository, path);
  if (worktree === null || (await readText(noteOf(worktree))) !== null) return;
  await endLeftSetUp(engine, worktree.path);
}

function noteOf({ gitDir }: Worktree): string {
  return join(gitDir, 'mo-set-up-done');
}

export function landingPath(engine: Engine, runId: string): string {
  return join(engine.paths.runWorktrees(runId), '.landing');
}
