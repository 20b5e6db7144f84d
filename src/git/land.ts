import { MoError } from '../core/problem.ts';
import { committerOf, type NewCommit } from './commit.ts';
import { line, type Git } from './git.ts';
import { planMerge } from './merge.ts';
import { branchRef, readRef, targetMoved, updateRef } from './refs.ts';
import { headOf, type Repository } from './repository.ts';
import { listUncommitted } from './status.ts';
import { listWorktrees } from './worktree-list.ts';

export type Landing = Pick<NewCommit, 'message' | 'trailers'> & {
  /** The branch that takes the commit up, `main`. */
  target: string;
  commit: string;
  /** Where the target must still be; default where it is. */
  expected?: string;
};

export type Landed = {
  /** `nothing`: the target held the commit already. */
  kind: 'nothing' | 'forward' | 'merge';
  from: string;
  to: string;
  /** The checkout whose files were moved along; null when the target is checked out nowhere. */
  checkout: string | null;
};

/**
 * Merges a commit into a branch of the user, and into the clean checkout that is on it. It is the only call that touches a checkout that
 * is not mo's. Throws dirty-checkout, merge-conflict, target-moved, and has then changed nothing.
 */
export async function mergeIntoCheckout(repository: Repository, landing: Landing): Promise<Landed> {
  const { git } = repository;
  const { target } = landing;
  const ref = await existingBranch(git, target);
  const from = await readRef(git, ref);
  if (from === null) throw noBranch(target);
  if (landing.expected !== undefined && landing.expected !== from) {
    throw targetMoved(ref, landing.expected, from);
  }
  const checkout = await checkoutOf(repository, ref);
  if (checkout !== null) await needClean(git.at(checkout));
  const plan = await planMerge(git, from, landing);
  if (plan.kind === 'conflict') {
    throw new MoError({ code: 'merge-conflict', target, files: plan.files });
  }
  const to = plan.result;
  if (plan.kind !== 'nothing') {
    if (checkout === null) await updateRef(git, { ref, to, expected: from, reason: 'mo: land' });
    else await moveCheckout(git.at(checkout), { ref, from, to });
  }
  return { kind: plan.kind, from, to, checkout };
}

/** Its full ref. Throws bad-input for what cannot be a branch. */
export async function existingBranch(git: Git, target: string): Promise<string> {
  const ref = branchRef(target);
  const answer = await git.run(['check-ref-format', ref], { accept: [0, 1] });
  if (answer.exitCode !== 0) throw noBranch(target);
  return ref;
}

export function noBranch(target: string): MoError {
  return new MoError({
    code: 'bad-input',
    what: `There is no branch ${JSON.stringify(target)}.`,
    fix: 'Name an existing local branch as target; `git branch` lists them.',
  });
}

/** The folder of the checkout that is on a branch, or null. */
export async function checkoutOf(repository: Repository, ref: string): Promise<string | null> {
  const on = (await listWorktrees(repository)).filter((one) => one.ref === ref && !one.isBare);
  if (on.length > 1) {
    throw new MoError({
      code: 'bad-input',
      what: `${ref} is checked out more than once: ${on.map((one) => one.path).join(', ')}.`,
      fix: 'Switch all but one of them to another branch.',
    });
  }
  return on[0]?.path ?? null;
}

/** Throws dirty-checkout. */
export async function needClean(git: Git): Promise<void> {
  const { tracked } = await listUncommitted({ git });
  if (tracked.length > 0) {
    throw new MoError({ code: 'dirty-checkout', folder: git.folder, files: tracked });
  }
}

/**
 * `git merge --ff-only` moves files, index and branch together, and refuses by itself what would overwrite a file that is not in git or
 * was changed a moment ago. Only the branch's own movement is for us to see.
 */
async function moveCheckout(
  git: Git,
  move: { ref: string; from: string; to: string },
): Promise<void> {
  const answer = await git.run(
    ['merge', '--ff-only', '--no-overwrite-ignore', '--no-stat', '--quiet', move.to],
    { accept: [0, 1, 2, 128], env: await committerOf(git) },
  );
  const found = await readRef(git, move.ref);
  if (answer.exitCode === 0 && found === move.to && (await headOf(git)) === move.to) return;
  if (found !== move.from && found !== move.to) throw targetMoved(move.ref, move.from, found);
  const files = filesNamedIn(answer.stderr);
  if (files.length > 0) throw new MoError({ code: 'dirty-checkout', folder: git.folder, files });
  const { exitCode, stderr } = answer;
  throw new MoError({ code: 'git-failed', args: ['merge', '--ff-only'], exitCode, stderr });
}

/** git indents the files that are in the way by a tab. */
function filesNamedIn(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((text) => text.startsWith('\t'))
    .map((text) => line(text).trim());
}
