import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { MoError } from '../core/problem.ts';
import { errnoOf, fileProblem } from './files.ts';
import { newId } from './ids.ts';

export const compressedSuffix = '.gz';

/** What a compression that was cut off leaves beside the file. */
export const halfSuffix = '.gz.half';

/**
 * `log.txt` becomes `log.txt.gz`, which gunzip and zcat read. Written beside it, synced and renamed before the file goes: whenever this
 * is cut off, the file or its compressed form is there, whole. A file that is gone meanwhile is left to whoever took it.
 */
export async function compressFile(file: string): Promise<void> {
  const half = `${file}.${newId()}${halfSuffix}`;
  try {
    const { mode } = await stat(file);
    await pipeline(createReadStream(file), createGzip(), createWriteStream(half, { mode }));
    await sync(half);
    await rename(half, `${file}${compressedSuffix}`);
    await rm(file, { force: true });
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return;
    await rm(half, { force: true });
    throw fileProblem(file, cause);
  }
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The bytes a compressed file stands for, piece by piece. Throws `file-unreadable` for one that is not whole. */
export async function* readCompressed(file: string): AsyncGenerator<Buffer> {
  const unpacking = createGunzip();
  const pieces = createReadStream(file).on('error', (cause) => unpacking.destroy(cause));
  try {
    for await (const piece of pieces.pipe(unpacking)) if (Buffer.isBuffer(piece)) yield piece;
  } catch (cause) {
    const reason = errnoOf(cause);
    if (reason === null) throw cause;
    throw new MoError({ code: 'file-unreadable', file, reason }, { cause });
  } finally {
    pieces.destroy();
    unpacking.destroy();
  }
}
