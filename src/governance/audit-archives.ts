import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../core/json.ts';
import { readText } from '../platform/files.ts';
import { indexFile } from '../store/kept-file.ts';
import { folderDigest } from './folder-digest.ts';
import type { Place } from './place.ts';

const entry = z.object({ name: z.string(), from: z.string(), digest: z.string() });

/** Folders of earlier orchestrators that are not what they were when they were brought in. */
export async function auditArchives({
  paths,
}: Place): Promise<{ folders: number; problems: { name: string; what: string; fix: string }[] }> {
  const known = new Map<string, z.infer<typeof entry>>();
  for (const line of ((await readText(indexFile(paths))) ?? '').split('\n')) {
    const { data } = entry.safeParse(parseJson(line)?.value);
    // The last line of a name counts: a move that was cut off is in the index twice.
    if (data !== undefined) known.set(data.name, data);
  }
  const problems = [];
  for (const { name, from, digest } of known.values()) {
    const told = `archives/${name}`;
    const folder = join(paths.archives, name);
    if (!(await isFolder(folder)))
      problems.push({
        name: told,
        what: 'it is gone.',
        fix: `If the move was cut off, ${from} is still there: project_apply {action: "migrate", dry_run: false}. Else restore it from a backup.`,
      });
    else if ((await folderDigest(folder)) !== digest)
      problems.push({
        name: told,
        what: `it is not what was brought in from ${from}: something in it was changed, added or removed.`,
        fix: 'Restore it from a backup.',
      });
  }
  return { folders: known.size, problems };
}

async function isFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
