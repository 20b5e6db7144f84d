import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../core/json.ts';
import { workerEvent, type WorkerEvent } from '../core/worker.ts';
import { compressedSuffix, readCompressed } from '../platform/compressed-file.ts';
import { errnoOf } from '../platform/files.ts';
import { findKept, readKept } from '../store/kept-file.ts';
import type { WorkspacePaths } from '../store/paths.ts';

/** Most of an event file that is read for a log; of longer ones the end. */
const mostBytes = 4_000_000;

const timed = z.object({ at: z.number().optional() });

/** What a worker did, one line each, and what it said on stderr. */
export async function readLog(paths: WorkspacePaths, attemptFolder: string): Promise<string> {
  const lines = (await lastEvents(paths, attemptFolder)).flatMap(({ at, event }) => {
    const text = lineOf(event);
    return text === null ? [] : [`${at === null ? '' : `${clockTime(at)} `}${text}\n`];
  });
  const stderr = await readKept(paths, join(attemptFolder, 'stderr.txt'));
  const said = stderr === null || stderr.trim() === '' ? '' : `--- stderr ---\n${stderr}`;
  return lines.join('') + said;
}

/** The last answer of the worker, as its events hold it; null when there was none. */
export async function readResult(
  paths: WorkspacePaths,
  attemptFolder: string,
): Promise<string | null> {
  const events = await lastEvents(paths, attemptFolder);
  const last = events.findLast(({ event }) => event.type === 'result');
  return last !== undefined && last.event.type === 'result' ? last.event.text : null;
}

async function lastEvents(
  paths: WorkspacePaths,
  attemptFolder: string,
): Promise<{ at: number | null; event: WorkerEvent }[]> {
  const file = await findKept(paths, join(attemptFolder, 'events.ndjson'));
  if (file === null) return [];
  const text = file.endsWith(compressedSuffix)
    ? await endOfCompressed(file)
    : await endOfFile(file);
  return text.split('\n').flatMap((line) => {
    const json = parseJson(line);
    const event = workerEvent.safeParse(json?.value);
    const time = timed.safeParse(json?.value);
    return event.success ? [{ at: time.data?.at ?? null, event: event.data }] : [];
  });
}

async function endOfFile(path: string): Promise<string> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return null;
    throw cause;
  });
  if (file === null) return '';
  try {
    const { size } = await file.stat();
    const length = Math.min(size, mostBytes);
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await file.read(bytes, 0, length, size - length);
    return bytes.subarray(0, bytesRead).toString();
  } finally {
    await file.close();
  }
}

async function endOfCompressed(path: string): Promise<string> {
  const last: Buffer[] = [];
  let bytes = 0;
  for await (const piece of readCompressed(path)) {
    last.push(piece);
    bytes += piece.length;
    while (bytes - (last[0]?.length ?? 0) >= mostBytes) bytes -= last.shift()?.length ?? 0;
  }
  return Buffer.concat(last).subarray(-mostBytes).toString();
}

function lineOf(event: WorkerEvent): string | null {
  switch (event.type) {
    case 'text':
    case 'thinking':
      return event.text;
    case 'tool.started':
      return `→ ${event.tool}: ${event.summary}`;
    case 'tool.ended':
      return event.ok ? null : `✗ ${event.summary}`;
    case 'retrying':
      return `retrying (${event.attempt}): ${event.reason}`;
    case 'quota':
      return event.status === 'ok' ? null : `quota ${event.status}`;
    case 'denied':
      return `denied ${event.tool}: ${event.reason}`;
    case 'compacted':
      return 'context compacted';
    case 'result':
      return `= ${event.ok ? '' : 'failed: '}${event.text}`;
    case 'notice':
      return event.text;
    case 'session':
      return `session ${event.session}${event.model === null ? '' : ` on ${event.model}`}`;
    case 'usage':
    case 'unknown':
      return null;
  }
}

function clockTime(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}
