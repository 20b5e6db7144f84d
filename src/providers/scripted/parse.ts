import { z } from 'zod';
import { json, type Json } from '../../core/json.ts';
import { noSpend, spend } from '../../core/spend.ts';
import {
  endClass,
  workerEvent,
  type Conclusion,
  type Parser,
  type ProcessExit,
  type WorkerEvent,
} from '../../core/worker.ts';

/** The closing line; every other line of the scripted worker is a `WorkerEvent` as it stands. */
export const closingLine = z.object({
  type: z.literal('result'),
  class: endClass,
  message: z.string(),
  text: z.string(),
  structured: json.nullable(),
  /** Counted from the end of the process: a script knows no time. */
  resetsInMs: z.number().nonnegative().nullable(),
});
export type ClosingLine = z.infer<typeof closingLine>;

/** What the scripted worker prints. */
export type Line = Exclude<WorkerEvent, { type: 'result' }> | ClosingLine;

const memory = z.object({
  session: z.string().nullable(),
  model: z.string().nullable(),
  spend,
  closing: closingLine.nullable(),
});
type Memory = z.infer<typeof memory>;

const longestText = 4_000;
const longestSummary = 1_000;
const longestSample = 200;
const longestAnswer = 1_000_000;

export function scriptedParser(earlier: Json | null): Parser {
  const known = memory.safeParse(earlier).data ?? {
    session: null,
    model: null,
    spend: noSpend,
    closing: null,
  };
  return {
    push: (line) => (line.trim() === '' ? [] : [remember(known, read(line))]),
    memory: () => structuredClone(known),
    conclude: (exit) => conclude(known, exit),
  };
}

function read(line: string): Line {
  try {
    const value: unknown = JSON.parse(line);
    const event = workerEvent.safeParse(value);
    if (event.success && event.data.type !== 'result') return event.data;
    const closing = closingLine.safeParse(value);
    if (closing.success) return closing.data;
  } catch {
    // No JSON, or JSON too deep for the stack: the sample below says what it was.
  }
  return { type: 'unknown', sample: cut(line, longestSample) };
}

function remember(known: Memory, line: Line): WorkerEvent {
  switch (line.type) {
    case 'session':
      known.session = line.session;
      known.model = line.model;
      return line;
    case 'usage':
      known.spend = line.spend;
      return line;
    case 'result':
      known.closing = bounded(line);
      return { type: 'result', ok: line.class === 'done', text: cut(line.text, longestText) };
    case 'text':
    case 'thinking':
    case 'notice':
      return { ...line, text: cut(line.text, longestText) };
    case 'tool.started':
      return {
        ...line,
        summary: cut(line.summary, longestSummary),
        paths: line.paths.slice(0, 100).map((path) => cut(path, longestSummary)),
      };
    case 'tool.ended':
      return { ...line, summary: cut(line.summary, longestSummary) };
    case 'denied':
    case 'retrying':
      return { ...line, reason: cut(line.reason, longestSummary) };
    case 'unknown':
      return { ...line, sample: cut(line.sample, longestSample) };
    case 'quota':
    case 'compacted':
      return line;
  }
}

/** What is remembered is written down again and again while the worker runs. */
function bounded(line: ClosingLine): ClosingLine {
  const isSmall = JSON.stringify(line.structured).length <= longestAnswer;
  return {
    ...line,
    text: cut(line.text, longestAnswer),
    structured: isSmall ? line.structured : null,
  };
}

/** The closing line first; without one, how the process ended. */
function conclude(known: Memory, exit: ProcessExit): Conclusion {
  const { session, model, closing } = known;
  const common = {
    exitCode: exit.exitCode,
    signal: exit.signal,
    session,
    model,
    spend: known.spend,
    resetsAt: null,
    answer: '',
    structured: null,
  };
  if (closing === null) return { ...common, ...withoutClosing(exit) };
  return {
    ...common,
    class: closing.class,
    message: closing.message,
    resetsAt:
      closing.class === 'quota' && closing.resetsInMs !== null
        ? exit.endedAt + closing.resetsInMs
        : null,
    answer: closing.text,
    structured: closing.structured,
  };
}

function withoutClosing({
  exitCode,
  signal,
  stderr,
}: ProcessExit): Pick<Conclusion, 'class' | 'message'> {
  if (signal !== null) {
    return { class: 'crashed', message: `The worker was ended by ${signal}.` };
  }
  if (exitCode === null) return { class: 'lost', message: 'Nobody saw how the worker ended.' };
  if (exitCode === 0) {
    return { class: 'incomplete', message: 'The worker ended without a closing event.' };
  }
  const lastLine = cut(stderr.trim().split('\n').at(-1) ?? '', longestSample);
  return {
    class: 'crashed',
    message: `The worker ended with exit code ${exitCode}${lastLine === '' ? '.' : `: ${lastLine}`}`,
  };
}

/** Never between the two halves of a character outside the basic plane. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const isSplit = /[\uD800-\uDBFF]/.test(text.charAt(length - 1));
  return text.slice(0, isSplit ? length - 1 : length);
}
