import { constants } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { emptySummary, foldSummary } from '../core/summary.ts';
import type { AttemptSummary, Checkpoint, Parser, Provider, WorkerEvent } from '../core/worker.ts';
import { fileProblem } from '../platform/files.ts';
import { redactEvent } from './redact-event.ts';
import { createLineSplitter, type Line } from './split-lines.ts';

export type StreamOptions = {
  /** What the worker writes, and what is made of it. */
  raw: string;
  events: string;
  provider: Pick<Provider, 'parser'>;
  /** Where an earlier owner was; null: at the start. */
  checkpoint: Checkpoint | null;
  redact: (text: string) => string;
  /** Milliseconds since 1970. */
  now: () => number;
};

/** The way of a worker's output: bytes, lines, events, redacted, appended, folded. */
export type Stream = {
  /** Takes the next piece of what is there and returns its bytes; 0 at the end of what is there. Rejects with MoError `disk-full`. */
  read: () => Promise<number>;
  /** The worker is gone: its last line counts even without a line break. Everything must have been read. */
  finish: () => Promise<void>;
  /** Bytes of the worker's output taken so far. */
  bytesRead: () => number;
  checkpoint: () => Checkpoint;
  /** The live summary, not a copy. */
  summary: AttemptSummary;
  conclude: Parser['conclude'];
  close: () => Promise<void>;
};

/** One chunk is parsed without a pause: 16 floods at once take turns of a few milliseconds. */
const chunkBytes = 256 * 1024;
/** Most workers say little at a time; who fills this gets the whole. */
const firstChunkBytes = 16 * 1024;
const maxLineBytes = 64 * 1024 * 1024;

export async function openStream(options: StreamOptions): Promise<Stream> {
  const { provider, redact, now } = options;
  const raw = await openFile(options.raw);
  const events = await openFile(options.events);
  const start = await usable(options.checkpoint, raw, events);
  await cut(events, start?.eventsBytes ?? 0);

  const parser = provider.parser(start?.parser ?? null);
  const splitter = createLineSplitter(maxLineBytes);
  const summary = structuredClone(start?.summary ?? emptySummary());
  let chunk = Buffer.allocUnsafe(firstChunkBytes);
  let bytesRead = start?.rawOffset ?? 0;
  let eventsBytes = start?.eventsBytes ?? 0;

  const take = async (lines: readonly Line[]): Promise<void> => {
    const at = now();
    let text = '';
    for (const line of lines) {
      for (const event of eventsOf(line, parser)) {
        const clean = redactEvent(event, redact);
        foldSummary(summary, clean, at);
        text += `${JSON.stringify({ at, ...clean })}\n`;
      }
    }
    if (text === '') return;
    const batch = Buffer.from(text);
    await writeAt(events, batch, eventsBytes).catch((cause: unknown) => {
      throw fileProblem(options.events, cause);
    });
    eventsBytes += batch.length;
  };

  return {
    read: async () => {
      const { bytesRead: count } = await raw.read(chunk, 0, chunk.length, bytesRead);
      if (count === 0) return 0;
      bytesRead += count;
      await take(splitter.push(chunk.subarray(0, count)));
      if (count === chunk.length && count < chunkBytes) chunk = Buffer.allocUnsafe(chunkBytes);
      return count;
    },
    finish: async () => {
      const line = splitter.end();
      if (line !== null) await take([line]);
    },
    bytesRead: () => bytesRead,
    checkpoint: () => ({
      rawOffset: bytesRead - splitter.pendingBytes(),
      eventsBytes,
      parser: parser.memory(),
      summary: structuredClone(summary),
    }),
    summary,
    conclude: parser.conclude,
    close: async () => {
      await raw.close();
      await events.close();
    },
  };
}

/** Made when it is not there, its folder too: an owner may have died before its worker had started. */
async function openFile(path: string): Promise<FileHandle> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  } catch (cause) {
    throw fileProblem(path, cause);
  }
}

/** A checkpoint that speaks of bytes which are not there (a crash of the machine lost them) is no good: then all is read again. */
async function usable(
  checkpoint: Checkpoint | null,
  raw: FileHandle,
  events: FileHandle,
): Promise<Checkpoint | null> {
  if (checkpoint === null) return null;
  const isThere =
    checkpoint.rawOffset <= (await raw.stat()).size &&
    checkpoint.eventsBytes <= (await events.stat()).size;
  return isThere ? checkpoint : null;
}

/** What an earlier owner wrote after its last checkpoint comes again. */
async function cut(events: FileHandle, bytes: number): Promise<void> {
  if ((await events.stat()).size > bytes) await events.truncate(bytes);
}

function eventsOf(line: Line, parser: Parser): WorkerEvent[] {
  if (typeof line === 'string') return line.trim() === '' ? [] : parser.push(line);
  const sample = `A line of ${line.leftOutBytes} bytes was left out. It began: ${line.head}`;
  return [{ type: 'unknown', sample }];
}

async function writeAt(file: FileHandle, batch: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < batch.length) {
    const { bytesWritten } = await file.write(
      batch,
      written,
      batch.length - written,
      position + written,
    );
    written += bytesWritten;
  }
}
