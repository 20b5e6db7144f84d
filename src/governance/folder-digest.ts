import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { entriesOf } from './sizes.ts';

/** SHA-256, in hex, over what is below a folder: names, kinds, contents of files, targets of links. Times and modes do not count. */
export async function folderDigest(folder: string): Promise<string> {
  const hash = createHash('sha256');
  await addFolder(hash, folder);
  return hash.digest('hex');
}

async function addFolder(hash: Hash, folder: string): Promise<void> {
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    const add = (kind: string, said = ''): void =>
      void hash.update(`${JSON.stringify([kind, entry.name, said])}\n`);
    if (entry.isDirectory()) {
      add('folder');
      await addFolder(hash, path);
      add('end');
    } else if (entry.isSymbolicLink()) add('link', await readlink(path));
    else if (entry.isFile()) add('file', await fileDigest(path));
    else add('other');
  }
}

async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest('hex');
}
