import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeSpec } from '../../src/core/node.ts';
import type { GateContext } from '../../src/gates/gate-context.ts';
import { ignoredChanges, listIgnored } from '../../src/git/ignored.ts';
import { commitWork } from '../../src/git/snapshot.ts';
import { holdsTree } from '../../src/git/work-tree.ts';
import { addWorktree } from '../../src/git/worktree.ts';
import type { Worktree } from '../../src/git/worktree-list.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { environment } from '../../src/platform/environment.ts';
import { newId } from '../../src/platform/ids.ts';
import { emptyFolder, makeSandbox, worktreePath, type Sandbox } from '../git/sandbox.ts';

type Place = { worktree: Worktree; sandbox: Sandbox };

type Attempt = {
  scope?: NodeSpec['scope'];
  /** What the base holds beside the sandbox's own files. */
  before?: (root: string, sandbox: Sandbox) => Promise<void>;
  /** What the worker does in its worktree. */
  work?: (place: Place) => Promise<void>;
  raw?: string;
};

/** A gate context outside git, in a temp folder that is removed with the test. */
export async function outsideGit(more: Partial<GateContext> = {}): Promise<GateContext> {
  const folder = await emptyFolder();
  await mkdir(join(folder, 'work'));
  return {
    scope: 'any',
    folder: join(folder, 'work'),
    work: null,
    rawFile: null,
    handoff: { value: { status: 'pass' }, findings: [] },
    runFolder: join(folder, 'run'),
    evidenceFolder: join(folder, 'run', 'nodes', 'api', '1'),
    secrets: [],
    env: environment(),
    clock: systemClock,
    marker: `test/${newId()}/one`,
    runMarker: `test/${newId()}`,
    signal: new AbortController().signal,
    ...more,
  };
}

/** What a worker has left in a real worktree of a real repository, as the gates are given it. */
export async function afterAttempt(attempt: Attempt): Promise<GateContext> {
  const sandbox = await makeSandbox();
  await attempt.before?.(sandbox.root, sandbox);
  await sandbox.git(sandbox.root, 'add', '--all');
  await sandbox.git(sandbox.root, 'commit', '--allow-empty', '-qm', 'before');
  const base = await sandbox.git(sandbox.root, 'rev-parse', 'HEAD');
  const path = worktreePath(sandbox.root, 'api');
  const worktree = await addWorktree(sandbox.repository, { path, base });
  const ignored = await listIgnored(worktree);
  await attempt.work?.({ worktree, sandbox });
  const changedIgnored = await ignoredChanges(worktree, ignored);
  const left = await commitWork(worktree, { base, message: 'work', trailers: {} });
  const context = await outsideGit({
    scope: attempt.scope === undefined ? 'any' : attempt.scope,
    folder: worktree.path,
  });
  const rawFile = join(context.runFolder, 'raw.ndjson');
  await mkdir(context.runFolder, { recursive: true });
  await writeFile(rawFile, attempt.raw ?? '');
  return {
    ...context,
    rawFile,
    work: {
      git: worktree.git,
      base,
      commit: left.commit,
      tree: left.tree,
      changes: left.changes,
      ignoredChanges: changedIgnored,
      isUnchanged: () => holdsTree(worktree, left.tree),
    },
  };
}
