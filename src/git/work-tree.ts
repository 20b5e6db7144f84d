import { join } from 'node:path';
import { isAncestor } from './commit.ts';
import { rawChanges } from './raw-changes.ts';
import { isFolder } from './git-error.ts';
import { line, records, type Git } from './git.ts';
import { isIndexKept, onKeptIndex } from './kept-index.ts';
import { look, type Look } from './look.ts';
import { standOf } from './repository.ts';
import { readSetUpPaths } from './set-up-paths.ts';
import { mendHead, unlockHead } from './settle.ts';
import type { Worktree } from './worktree-list.ts';

export type WorkTree = {
  tree: string;
  /** Where the worktree stands. */
  head: string | null;
  branch: string | null;
  /** Paths git ignores there, folders that are ignored as a whole end with `/`; null: not asked. */
  ignored: readonly string[] | null;
};

/**
 * Writes all a worktree holds, ignored files aside, as a tree: what is committed, staged, changed, untracked and deleted alike.
 * Neither its HEAD nor its index moves, but a HEAD that git cannot read is mended. Repositories that a worker made inside are taken as
 * plain folders. `base`: where the worktree was before the worker came.
 */
export async function writeWorkTree(worktree: Worktree, base: string | null): Promise<WorkTree> {
  await unlockHead(worktree);
  return onKeptIndex(worktree, async (run) => {
    const seen = await look(worktree, run);
    if (seen !== null && (base === null || seen.head === base)) {
      return writePlain(worktree, run, seen);
    }
    await mendHead(worktree, base);
    const { head, branch } = await standOf(worktree.git);
    return { head, branch, ignored: null, tree: await writeAny(worktree, run, { base, head }) };
  });
}

/** Whether a worktree still holds exactly this tree; false when a gate or a late process has changed it. */
export async function holdsTree(worktree: Worktree, tree: string): Promise<boolean> {
  return (await writeWorkTree(worktree, null)).tree === tree;
}

/** The index stands where HEAD does and there is no repository inside, so what is left is to add what was seen. */
async function writePlain(worktree: Worktree, run: Run, seen: Look): Promise<WorkTree> {
  const { head, branch, ignored } = seen;
  const forced = (await isIndexKept(worktree)) ? [] : await stagedNew(worktree, head);
  const setUp = await readSetUpPaths(worktree);
  const isOwn = (path: string): boolean =>
    !setUp.some((one) => path === one || path.startsWith(`${one}/`));
  if (!seen.isChanged && forced.length === 0 && !seen.untracked.some(isOwn)) {
    return { tree: seen.tree, head, branch, ignored };
  }
  await stage(run, forced);
  const tree = await addAll(worktree, run);
  return { tree, head, branch, ignored: forced.length === 0 ? ignored : null };
}

async function writeAny(
  worktree: Worktree,
  run: Run,
  place: { base: string | null; head: string | null },
): Promise<string> {
  const from = place.head ?? place.base;
  if (from !== null) {
    await run(['read-tree', '-i', '-m', from]);
    await stage(run, await stagedNew(worktree, from));
  }
  await openEmbedded(worktree, run, await linksMade(worktree.git, run, place));
  return addAll(worktree, run);
}

async function addAll(worktree: Worktree, run: Run): Promise<string> {
  await run(['add', '--all', '--sparse']);
  await dropSetUp(worktree, run);
  return line((await run(['write-tree'])).stdout);
}

type Run = Git['run'];

/** Entries of what a worker has staged that HEAD does not hold: what is ignored (`git add --force`) is meant to be kept. */
async function stagedNew(worktree: Worktree, head: string): Promise<string[]> {
  const staged = await worktree.git.run(
    ['diff-index', '--cached', '--raw', '-z', '--no-renames', '--diff-filter=A', head],
    // 128: the worker's index is damaged; then only the files themselves count.
    { accept: [0, 128] },
  );
  if (staged.exitCode !== 0) return [];
  return rawChanges(records(staged.stdout)).changes.map(
    (change) => `${change.newMode} ${change.newObject}\t${change.path}\0`,
  );
}

async function stage(run: Run, entries: readonly string[]): Promise<void> {
  if (entries.length === 0) return;
  await run(['update-index', '-z', '--index-info'], { stdin: entries.join('') });
}

/** Inner repositories that a worker has committed as if they were submodules. */
async function linksMade(
  git: Git,
  run: Run,
  { base, head }: { base: string | null; head: string | null },
): Promise<string[]> {
  if (base === null || head === null || base === head) return [];
  if (!(await isAncestor(git, base, head))) return [];
  const answer = await run(['diff-tree', '-r', '--raw', '-z', '--no-renames', base, head]);
  return rawChanges(records(answer.stdout))
    .changes.filter((change) => change.newMode === '160000' && change.oldMode !== '160000')
    .map((change) => change.path);
}

const deepestNesting = 20;

/**
 * A folder with a `.git` of its own would be stored as a mere commit id, and its files would be lost. git looks into such a folder
 * once its index names a file below it; the stand-in names one that does not exist, so adding drops it again.
 */
async function openEmbedded(worktree: Worktree, run: Run, links: readonly string[]): Promise<void> {
  const wasLinked: string[] = [];
  for (const path of links) {
    if (await isFolder(join(worktree.path, path, '.git'))) wasLinked.push(path);
  }
  if (wasLinked.length > 0) {
    const stdin = wasLinked.map((path) => `${path}\0`).join('');
    await run(['update-index', '-z', '--force-remove', '--stdin'], { stdin });
  }
  let found = wasLinked.map((path) => `${path}/`);
  for (let depth = 0; depth < deepestNesting; depth += 1) {
    await nameStandIns(worktree.git, run, found);
    const listed = await run(['ls-files', '-z', '--others', '--exclude-standard']);
    found = records(listed.stdout).filter((path) => path.endsWith('/'));
    if (found.length === 0) return;
  }
}

async function nameStandIns(git: Git, run: Run, folders: readonly string[]): Promise<void> {
  if (folders.length === 0) return;
  const empty = line(await git.text(['hash-object', '-w', '--stdin'], { stdin: '' }));
  const entries = folders.map((folder) => `100644 ${empty}\t${folder}.mo-looks-here\0`);
  await run(['update-index', '-z', '--index-info'], { stdin: entries.join('') });
}

/** A link to the user's `node_modules` is not matched by an ignore rule for folders, so it would be committed. */
async function dropSetUp(worktree: Worktree, run: Run): Promise<void> {
  const paths = await readSetUpPaths(worktree);
  if (paths.length === 0) return;
  await run(['rm', '-r', '--cached', '--force', '--quiet', '--ignore-unmatch', '--', ...paths]);
}
