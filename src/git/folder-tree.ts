import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { line, type Git } from './git.ts';

/** The tree of a folder as it is now, uncommitted and untracked files included, through an index of its own: nothing there changes. */
export async function treeOfFolder(git: Git): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mo-index-'));
  try {
    const env = { GIT_INDEX_FILE: join(folder, 'index') };
    await git.run(['read-tree', 'HEAD'], { env });
    await git.run(['add', '--all', '--', '.'], { env });
    return line(await git.text(['write-tree'], { env }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
