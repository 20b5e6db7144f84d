import { access, mkdir } from 'node:fs/promises';
import { MoError } from '../core/problem.ts';
import { errnoOf, fileProblem, readText, writeWhole } from '../platform/files.ts';
import type { WorkspacePaths } from './paths.ts';

/** Makes the workspace of a project, or leaves it as it is. Only its user may look into it: prompts and answers can hold anything. */
export async function makeWorkspace(paths: WorkspacePaths): Promise<void> {
  await makeFolder(paths.folder);
  if ((await readText(paths.gitignore)) === null) await writeWhole(paths.gitignore, '*\n');
  await makeFolder(paths.runs);
  await makeFolder(paths.worktrees);
}

export async function hasDatabase(paths: WorkspacePaths): Promise<boolean> {
  try {
    await access(paths.database);
    return true;
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw fileProblem(paths.database, cause);
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    if (errnoOf(cause) !== 'EEXIST') throw fileProblem(folder, cause);
    throw new MoError({ code: 'workspace-unwritable', folder, reason: 'EEXIST' }, { cause });
  }
}
