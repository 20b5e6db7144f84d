import { MoError } from '../core/problem.ts';
import { committerOf } from './commit.ts';
import { line, type Git } from './git.ts';

/**
 * The branch people see is `mo/<run>`. A ref cannot be a folder too, so nodes are not branches `mo/<run>/<node>` but refs beside the
 * branches, `refs/mo/<run>/<node>`: git finds both under the short name (`git log mo/<run>/<node>`), `git branch` lists one branch a run.
 */
export function runBranch(runId: string): string {
  return `mo/${runId}`;
}

export function runRef(runId: string): string {
  return branchRef(runBranch(runId));
}

export function nodeRef(runId: string, node: string): string {
  return `refs/mo/${runId}/${node}`;
}

/** No run id is `parked`: they start with `r-`. */
export function parkedRef(runId: string, node: string, attempt: number): string {
  return `refs/mo/parked/${runId}/${node}/${attempt}`;
}

/** The highest number of a run that has left a branch or another ref here, whichever checkout it ran in; 0 when there is none. */
export async function lastRunNumber(git: Git): Promise<number> {
  const names = await git.text([
    'for-each-ref',
    '--format=%(refname)',
    'refs/heads/mo/',
    'refs/mo/',
  ]);
  return [...names.matchAll(/^refs\/(?:heads\/mo|mo|mo\/parked)\/r-([0-9]{1,9})\b/gm)].reduce(
    (highest, [, number]) => Math.max(highest, Number(number)),
    0,
  );
}

export function branchRef(branch: string): string {
  return `refs/heads/${branch}`;
}

/** The commit a ref points to, or null when there is no such ref. */
export async function readRef(git: Git, ref: string): Promise<string | null> {
  const answer = await git.run(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`], {
    accept: [0, 1, 128],
  });
  return answer.exitCode === 0 ? line(answer.stdout) : null;
}

/** `expected` null: the ref must not exist yet. `reason` goes into the reflog. */
export type RefMove = { ref: string; to: string; expected: string | null; reason: string };

/** Compare and swap. Throws target-moved when the ref is not where it was expected, and has then changed nothing. */
export async function updateRef(git: Git, move: RefMove): Promise<void> {
  await swap(git, move, ['-m', move.reason, move.ref, move.to, move.expected ?? '']);
}

/** Detaches HEAD of a checkout at a commit. `along`: a ref that is compared and moved with it; both move or none. */
export async function moveHead(git: Git, to: string, along: RefMove | null): Promise<void> {
  if (along === null) {
    await git.run(['update-ref', '--no-deref', 'HEAD', to]);
    return;
  }
  const { ref, expected } = along;
  const head = `update HEAD\0${to}\0\0`;
  const other =
    expected === null
      ? `create ${ref}\0${along.to}\0`
      : `update ${ref}\0${along.to}\0${expected}\0`;
  await swap(git, along, ['-m', along.reason, '--stdin', '-z'], `${head}${other}`);
}

/** Compare and delete. */
export async function deleteRef(git: Git, gone: { ref: string; expected: string }): Promise<void> {
  await swap(git, gone, ['-d', gone.ref, gone.expected]);
}

async function swap(
  git: Git,
  wanted: { ref: string; expected: string | null },
  args: readonly string[],
  stdin?: string,
): Promise<void> {
  try {
    await git.run(['update-ref', '--no-deref', ...args], {
      env: await committerOf(git),
      ...(stdin === undefined ? {} : { stdin }),
    });
  } catch (cause) {
    if (!(cause instanceof MoError) || cause.code !== 'git-failed') throw cause;
    const found = await readRef(git, wanted.ref);
    if (found === wanted.expected) throw cause;
    throw targetMoved(wanted.ref, wanted.expected, found);
  }
}

export function targetMoved(ref: string, expected: string | null, found: string | null): MoError {
  return new MoError({
    code: 'target-moved',
    ref,
    expected: expected ?? 'nothing',
    found: found ?? 'nothing',
  });
}
