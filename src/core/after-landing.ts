import type { RunEvent } from './event.ts';
import type { Merge } from './landing.ts';
import type { Run } from './run.ts';

type Landed = Extract<RunEvent, { type: 'run.landed' }>;

export function afterLanding(run: Run, event: Landed): Run {
  return {
    ...run,
    landing: null,
    move: null,
    landRefused: null,
    landed: placeAfter(run, event),
    merges: mergesAfter(run.merges, event),
    pullRequest: pullRequestAfter(run, event),
  };
}

/** The merges into a branch that can be taken back, oldest first; `target` null: into the one that was merged into last. */
export function standingMerges(
  run: Run,
  target: string | null,
): { target: string; standing: Merge[]; wasDone: boolean } | null {
  const branch = target ?? run.merges.at(-1)?.target ?? null;
  if (branch === null) return null;
  const own = run.merges.filter((one) => one.target === branch);
  const standing = own.filter(({ isTakenBack }) => !isTakenBack);
  return own.length === 0 ? null : { target: branch, standing, wasDone: standing.length === 0 };
}

/** A run that is discarded, or has to go on, stays that. */
function placeAfter({ landed: before }: Run, event: Landed): Run['landed'] {
  const { how, target, commit, url = null } = event;
  if (how === 'rollback' && (before === null || before.how === 'discard')) return before;
  return { how, target, commit, url };
}

function mergesAfter(merges: readonly Merge[], event: Landed): readonly Merge[] {
  const { how, target, commit, from = null } = event;
  if (target === null || commit === null) return merges;
  if (how === 'rollback')
    return merges.map((one) => (one.target === target ? { ...one, isTakenBack: true } : one));
  // Where the branch had it already, nothing was brought.
  if (how !== 'merge' || from === commit) return merges;
  const others = merges.filter((one) => one.target !== target || !one.isTakenBack);
  return [...others, { target, from, to: commit, isTakenBack: false }];
}

function pullRequestAfter({ pullRequest }: Run, { how, target, url }: Landed): Run['pullRequest'] {
  if (url === undefined) return pullRequest;
  return how === 'pr' && target !== null ? { url, target } : null;
}
