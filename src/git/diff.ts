import type { Change } from '../core/scope.ts';
import { records, type Git } from './git.ts';
import { linkTargets } from './link-targets.ts';
import { rawChanges, type RawChange } from './raw-changes.ts';

/** What differs from one tree to another, renames found. Commits stand for their trees. */
export async function changesBetween(git: Git, from: string, to: string): Promise<Change[]> {
  const text = await git.text([
    'diff-tree',
    '-r',
    '-z',
    '-M',
    '--raw',
    '--numstat',
    '--full-index',
    '--no-ext-diff',
    '--no-textconv',
    '--ignore-submodules=none',
    from,
    to,
  ]);
  const { changes, rest } = rawChanges(records(text));
  const lines = lineCounts(rest);
  const targets = await linkTargets(git, changes);
  return changes.map((change) => ({
    path: change.path,
    oldPath: change.oldPath,
    kind: kindOf(change),
    oldMode: modeOf(change.oldMode),
    newMode: modeOf(change.newMode),
    ...(lines.get(change.path) ?? { addedLines: 0, deletedLines: 0, binary: false }),
    linkTarget: change.newMode === '120000' ? (targets.get(change.newObject) ?? null) : null,
  }));
}

type LineCount = Pick<Change, 'addedLines' | 'deletedLines' | 'binary'>;

/** `12\t3\tpath`, or for a rename `12\t3\t`, old path, new path. Binary files have `-` for both. */
function lineCounts(fields: readonly string[]): Map<string, LineCount> {
  const counts = new Map<string, LineCount>();
  for (let at = 0; at < fields.length; at += 1) {
    const [added = '', deleted = '', ...parts] = (fields[at] ?? '').split('\t');
    let path = parts.join('\t');
    if (path === '') {
      path = fields[at + 2] ?? '';
      at += 2;
    }
    const binary = added === '-';
    counts.set(path, {
      addedLines: binary ? 0 : Number(added),
      deletedLines: binary ? 0 : Number(deleted),
      binary,
    });
  }
  return counts;
}

function kindOf(change: RawChange): Change['kind'] {
  if (change.status === 'A') return 'add';
  if (change.status === 'D') return 'delete';
  if (change.status === 'R') return 'rename';
  if (change.status === 'T') return 'type-change';
  return change.oldObject === change.newObject ? 'mode-change' : 'modify';
}

function modeOf(mode: string): string | null {
  return mode === '000000' ? null : mode;
}
