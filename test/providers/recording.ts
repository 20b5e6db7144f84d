import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Parser, ProcessExit, Provider, WorkerEvent } from '../../src/core/worker.ts';

/** One run of a real CLI against a scripted model: its stdout as it came, and how it ended. */
export type Recording = { name: string; lines: string[]; exit: ProcessExit };

const folder = new URL('recordings/', import.meta.url);

const meta = z.object({
  exitCode: z.number().nullish(),
  exitSignal: z.string().nullish(),
  stderr: z.string().optional(),
});

const dialogLine = z.object({ dir: z.enum(['in', 'out']), msg: z.unknown().optional() });

export function recordings(cli: string): Recording[] {
  return readdirSync(new URL(`${cli}/`, folder))
    .filter((file) => file.endsWith('.ndjson'))
    .map((file) => recording(cli, file.slice(0, -'.ndjson'.length)));
}

export function recording(cli: string, name: string): Recording {
  const text = readFileSync(new URL(`${cli}/${name}.ndjson`, folder), 'utf8');
  const about = meta.parse(
    JSON.parse(readFileSync(new URL(`${cli}/${name}.meta.json`, folder), 'utf8')),
  );
  return {
    name,
    lines: text.split('\n').filter(Boolean).flatMap(printed),
    exit: {
      exitCode: about.exitCode ?? null,
      signal: about.exitSignal ?? null,
      stderr: about.stderr ?? '',
      endedAt: Date.parse('2026-11-21T02:36:00Z'),
    },
  };
}

/** Dialogs hold both directions; only what the CLI printed is its stream. */
function printed(line: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return [line];
  }
  const dialog = dialogLine.safeParse(value);
  if (!dialog.success) return [line];
  return dialog.data.dir === 'out' && dialog.data.msg !== undefined
    ? [JSON.stringify(dialog.data.msg)]
    : [];
}

export function play(
  provider: Provider,
  lines: readonly string[],
): { events: WorkerEvent[]; parser: Parser } {
  const parser = provider.parser(null);
  return { events: lines.flatMap((line) => parser.push(line)), parser };
}
