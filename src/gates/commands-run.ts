import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { CommandRun, CommandsRun } from '../core/claims.ts';
import { parseJson } from '../core/json.ts';
import { workerEvent } from '../core/worker.ts';
import { errnoOf } from '../platform/files.ts';

/** Of a worker that ran more, the last ones are remembered. */
const mostRuns = 2_000;

/** The commands that the event files of an attempt show, in order; null where there is no such file. */
export async function readCommandsRun(files: readonly string[]): Promise<CommandsRun | null> {
  const seen: Seen = { runs: [], hidden: false, written: [] };
  for (const file of files) {
    const isThere = await readFile(file, seen).catch((cause: unknown) => {
      if (errnoOf(cause) === 'ENOENT') return false;
      throw cause;
    });
    if (!isThere) return null;
  }
  return seen;
}

type Seen = { runs: CommandRun[]; hidden: boolean; written: string[] };

async function readFile(file: string, seen: Seen): Promise<true> {
  const open = new Map<string, CommandRun>();
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  for await (const line of lines) {
    // Most lines of a long file are text: looking is cheaper than parsing.
    if (line.includes('"type":"tool.')) take(line, open, seen);
  }
  return true;
}

function take(line: string, open: Map<string, CommandRun>, seen: Seen): void {
  const event = workerEvent.safeParse(parseJson(line)?.value).data;
  if (event?.type === 'tool.ended') {
    const run = open.get(event.id);
    open.delete(event.id);
    if (run !== undefined) Object.assign(run, { ok: event.ok, exitCode: event.exitCode });
    return;
  }
  if (event?.type !== 'tool.started') return;
  if (event.kind === 'write' && seen.written.length < mostRuns) seen.written.push(...event.paths);
  if (event.kind !== 'shell') {
    // A subagent or a server may run commands of which the stream shows nothing.
    if (event.kind === 'agent' || event.kind === 'mcp') seen.hidden = true;
    return;
  }
  const run: CommandRun = { command: event.summary, ok: null, exitCode: null };
  open.set(event.id, run);
  seen.runs.push(run);
  if (seen.runs.length > mostRuns) {
    seen.runs.shift();
    seen.hidden = true;
  }
}
