import type { Json } from '../../core/json.ts';

export type Dialect = 'anthropic' | 'openai';

/** A model request, the same for both dialects. What the CLI adds by itself (reminders, descriptions of the machine) is no prompt. */
export type ModelRequest = {
  dialect: Dialect;
  model: string;
  /** System and developer texts, joined. */
  system: string;
  /** What the user said last. */
  prompt: string;
  /** All the user said in this session, `prompt` included. */
  prompts: readonly string[];
  /** What the tools answered since `prompt`, oldest first. */
  results: readonly ToolResult[];
  /** Names of the tools the CLI offers. */
  tools: readonly string[];
  /** The JSON Schema the answer has to fit, or null. */
  schema: Json | null;
  /** Where the CLI says it works, or null. */
  folder: string | null;
  raw: Json;
};

export type ToolResult = { id: string; tool: string; text: string; isError: boolean };

/**
 * One thing the model does. `tool` calls a tool of the CLI by its own name; a text as input makes it a free-form call (OpenAI only).
 * `write` and `shell` are said in the tools of whichever CLI asks. `structured` is the answer that fits the schema. `error` as the
 * first step is an HTTP error, later it breaks the stream. `hang` waits until the CLI gives up.
 */
export type ModelStep =
  | { text: string }
  | { thinking: string }
  | { tool: { name: string; input: Json } }
  | { write: { path: string; text: string } }
  | { shell: string }
  | { structured: Json }
  | { usage: ModelUsage }
  | { delayMs: number }
  | { hang: true }
  | { error: ModelError }
  | { stop: 'end_turn' | 'refusal' | 'max_tokens' };

/** `input` counts all that went in, cached or not. */
export type ModelUsage = { input: number; cached: number; output: number };

export type ModelError = {
  status: number;
  type: string;
  message: string;
  headers?: Readonly<Record<string, string>>;
  /** More fields of the error object. */
  details?: Readonly<Record<string, Json>>;
};

export type ModelReply = readonly ModelStep[];

/** Decides what the model answers. Called once per request. */
export type ModelScript = (request: ModelRequest) => ModelReply | Promise<ModelReply>;

export const usualUsage: ModelUsage = { input: 1000, cached: 0, output: 50 };

/** What the reply says of its usage; both dialects report it apart from where it stands in the reply. */
export function usageOf(reply: ModelReply): ModelUsage {
  return reply.reduce((found, step) => ('usage' in step ? step.usage : found), usualUsage);
}
