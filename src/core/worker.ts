import { z } from 'zod';
import { json, type Json } from './json.ts';
import { spend, type Spend } from './spend.ts';

/** Which provider, profile, model and effort an attempt gets. null: the CLI's own default. */
export const route = z.object({
  provider: z.string(),
  profile: z.string().nullable(),
  model: z.string().nullable(),
  effort: z.string().nullable(),
  mode: z.enum(['read-only', 'write']),
});
export type Route = z.infer<typeof route>;

/** A process that cannot be mistaken for another one that got its pid later. `startTime` is field 22 of /proc/<pid>/stat (clock ticks since boot), or what `ps -o lstart` prints. */
export const processId = z.object({
  bootId: z.string(),
  pid: z.number().int(),
  startTime: z.string(),
});
export type ProcessId = z.infer<typeof processId>;

/** What a worker did, in one vocabulary for every CLI. Texts are cut to a few kB; the whole answer is in `result`. */
export const workerEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('session'), session: z.string(), model: z.string().nullable() }),
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('thinking'), text: z.string() }),
  z.object({
    type: z.literal('tool.started'),
    id: z.string(),
    tool: z.string(),
    kind: z.enum(['read', 'write', 'shell', 'search', 'mcp', 'agent', 'other']),
    /** One line a person can read: the command, the file, the question. */
    summary: z.string(),
    paths: z.array(z.string()),
  }),
  z.object({
    type: z.literal('tool.ended'),
    id: z.string(),
    ok: z.boolean(),
    exitCode: z.number().nullable(),
    summary: z.string(),
  }),
  /** Totals of this attempt so far, not a difference. */
  z.object({ type: z.literal('usage'), spend }),
  z.object({
    type: z.literal('retrying'),
    attempt: z.number(),
    delayMs: z.number().nullable(),
    reason: z.string(),
  }),
  z.object({
    type: z.literal('quota'),
    status: z.enum(['ok', 'warning', 'exceeded']),
    window: z.string().nullable(),
    /** 0 to 1. */
    used: z.number().nullable(),
    /** Milliseconds since 1970. */
    resetsAt: z.number().nullable(),
  }),
  z.object({ type: z.literal('denied'), tool: z.string(), reason: z.string() }),
  z.object({
    type: z.literal('compacted'),
    before: z.number().nullable(),
    after: z.number().nullable(),
  }),
  z.object({ type: z.literal('result'), ok: z.boolean(), text: z.string() }),
  z.object({ type: z.literal('notice'), text: z.string() }),
  /** A line that is JSON but of no known type, or no JSON at all. */
  z.object({ type: z.literal('unknown'), sample: z.string() }),
]);
export type WorkerEvent = z.infer<typeof workerEvent>;

/**
 * How an attempt ended, decided once. `refused`: the model declined. `transient`: network or server, may pass. `auth`: not signed in
 * or bad key. `invalid`: the CLI refused its arguments, model or request. `incomplete`: the process ended well but without the
 * closing event or the answer that was asked for. `crashed`: died by itself. `lost`: nobody saw the end.
 */
export const endClass = z.enum([
  'done',
  'refused',
  'quota',
  'context',
  'transient',
  'auth',
  'invalid',
  'budget',
  'timeout',
  'output-limit',
  'incomplete',
  'stopped',
  'crashed',
  'lost',
]);
export type EndClass = z.infer<typeof endClass>;

export const ending = z.object({
  class: endClass,
  /** One sentence for a person. */
  message: z.string(),
  exitCode: z.number().nullable(),
  signal: z.string().nullable(),
  session: z.string().nullable(),
  /** The model that answered, as the stream names it. */
  model: z.string().nullable(),
  spend,
  /** Quota only: when to try again, ms since 1970. */
  resetsAt: z.number().nullable(),
});
export type Ending = z.infer<typeof ending>;

/** What a provider makes of a finished process; the supervisor overrides `class` when it ended the worker itself. */
export type Conclusion = Ending & {
  /** The final answer as text; empty when there was none. */
  answer: string;
  /** The answer as JSON where the CLI was forced to a schema and gave it. */
  structured: Json | null;
};

/** Everything a provider needs to say how its CLI is to be started. All paths absolute. */
export type WorkerRequest = {
  folder: string;
  mode: 'read-only' | 'write';
  model: string | null;
  effort: string | null;
  /** A session of the CLI to go on with, or null for a new one. */
  resume: string | null;
  /** A fresh UUID, for CLIs that let the caller choose the session id. */
  newSession: string;
  /** JSON Schema the final answer must fit, or null. */
  outputSchema: Json | null;
  /** A folder of the attempt where `files` are written before the start. */
  attemptFolder: string;
  /** Environment of the profile; wins over everything else. */
  profileEnv: Readonly<Record<string, string>>;
  /** What the profile sets in the CLI's own configuration, by dotted name; not given: nothing. No secrets. */
  profileConfig?: Readonly<Record<string, string>>;
  maxUsd: number | null;
};

/** The prompt always goes to stdin, from a file; stdin is then closed. */
export type ProcessDescription = {
  command: string;
  args: readonly string[];
  /** Set on top of what the allow-list lets through. */
  env: Readonly<Record<string, string>>;
  /** Names, or prefixes ending in `*`, of the caller's environment this CLI may see beside the common ones. */
  passEnv: readonly string[];
  /** Names never passed on, whatever allows them. */
  dropEnv: readonly string[];
  /** Written (mode 0600) before the start; paths absolute. */
  files: readonly { path: string; content: string }[];
};

export type Abilities = {
  resume: boolean;
  steer: boolean;
  structuredOutput: boolean;
  readOnly: boolean;
  usage: 'live' | 'end' | 'none';
  money: boolean;
  quota: boolean;
  sandbox: boolean;
  /** Whether every command of the worker is in its stream, so that what it says it ran can be looked up. */
  commands: boolean;
};

/** What exactly the installed version was found not to have, and what was seen; `start`: it cannot be used. */
export type Lack = { ability: keyof Abilities | 'start'; version: string; said: string };

/** How the process ended as the operating system tells it; exitCode null when a signal ended it or nobody saw it. */
export type ProcessExit = {
  exitCode: number | null;
  signal: string | null;
  stderr: string;
  endedAt: number;
};

/** Line by line; keeps what it must remember as plain JSON, so that another process can go on after a crash. Never throws. */
export type Parser = {
  push: (line: string) => WorkerEvent[];
  memory: () => Json;
  conclude: (exit: ProcessExit) => Conclusion;
};

export type Probe = {
  versionArgs: readonly string[];
  /** The bare version number, or null when the output is something else. */
  version: (stdout: string) => string | null;
  /** null: this CLI has no way to ask without spending. */
  authArgs: readonly string[] | null;
  signedIn: (output: {
    exitCode: number | null;
    stdout: string;
    stderr: string;
  }) => 'yes' | 'no' | 'unknown';
  /** Why the CLI starts nothing as it is set up, in the words of the same answer; null: it does not say that. */
  unable: (output: { stdout: string; stderr: string }) => string | null;
  /** Environment variables that sign the CLI in by themselves. */
  keyEnv: readonly string[];
};

/** The knowledge of one worker CLI. Pure: it starts nothing, reads nothing, knows no time. */
export type Provider = {
  name: string;
  /** Who is behind the models; reviewers of another vendor are preferred. */
  vendor: string;
  /** The command looked up on the PATH. */
  binary: string;
  /** The command that installs it; null: it comes with the system or with mo. */
  install: string | null;
  abilities: Abilities;
  /** What `abilities` would have, had the installed CLI not been found without it; see `core/shown.ts`. */
  lacks?: readonly Lack[];
  describe: (request: WorkerRequest) => ProcessDescription;
  /** `memory`: what an earlier parser of the same attempt returned from `memory()`, or null at the start. */
  parser: (memory: Json | null) => Parser;
  /** Where totals are those of a session: memory for the parser of a process that resumes one which had cost `before`. */
  resumedMemory?: (before: Spend) => Json;
  probe: Probe;
};

/** What `poll` shows of an attempt; folded as events arrive, stored with the attempt, never recomputed. */
export const attemptSummary = z.object({
  events: z.number().int(),
  model: z.string().nullable(),
  session: z.string().nullable(),
  spend,
  lastAction: z.string().nullable(),
  lastEventAt: z.number().nullable(),
  /** Ids of tools that run now, with the time they started. */
  runningTools: z.record(z.string(), z.number()),
  toolCalls: z.number().int(),
  failedToolCalls: z.number().int(),
  denied: z.number().int(),
  retries: z.number().int(),
  quota: z
    .object({
      status: z.enum(['ok', 'warning', 'exceeded']),
      used: z.number().nullable(),
      resetsAt: z.number().nullable(),
    })
    .nullable(),
  /** The last tool call and how often it came in a row, other events aside. */
  repeated: z.object({ action: z.string(), times: z.number().int() }).nullable(),
  /** Attention flags, each at most once: `stalled`, `repeats`, `destructive`, `denied`, `quota`, `compacted`, `verbose`. */
  flags: z.array(z.string()),
});
export type AttemptSummary = z.infer<typeof attemptSummary>;

/** Where the supervisor is in an attempt's stream; written with the attempt so that an adopting owner goes on at the same byte. */
export const checkpoint = z.object({
  rawOffset: z.number().int(),
  eventsBytes: z.number().int(),
  parser: json,
  summary: attemptSummary,
});
export type Checkpoint = z.infer<typeof checkpoint>;
