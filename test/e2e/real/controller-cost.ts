import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { z } from 'zod';
import { json, type Json } from '../../../src/core/json.ts';
import type { ModelRequest } from '../../../src/selftest/model-servers/model-script.ts';
import { foundIn, seenIn } from './hosts-controller.ts';

/** What a run cost the model that controlled it, in o200k tokens but for `calls` and `bytes`. */
export type ControllerCost = {
  /** Calls of mo's tools. */
  calls: number;
  /** Of `skill`, `tools` and `answers` together, as the model was given them. */
  bytes: number;
  skill: number;
  /** The definitions of mo's tools that were loaded or found. */
  tools: number;
  answers: number;
  /** The three together. */
  received: number;
  /** All that the session has more than one of the same host without mo: also its own calls, and what the host says of mo. */
  inAll: number;
};

/** Reads it from the last request of a session that called nothing but mo; `without`: the first request of the same host before mo was installed. */
export function controllerCost(last: ModelRequest, without: ModelRequest): ControllerCost {
  const answers = seenIn(last).map(({ text }) => text);
  const skill = wordsIn(last.raw).filter((text) => text.includes('# Orchestrate coding agents'));
  const loaded = toolsIn(last.raw).filter(({ name = '' }) => ofMo.test(name));
  const parts = {
    skill: skill.join('\n'),
    tools: [...loaded.map((tool) => JSON.stringify(tool)), ...foundIn(last)].join('\n'),
    answers: answers.join('\n'),
  };
  const received = Object.values(parts).join('\n');
  return {
    calls: answers.length,
    bytes: Buffer.byteLength(received),
    skill: tokens(parts.skill),
    tools: tokens(parts.tools),
    answers: tokens(parts.answers),
    received: tokens(received),
    inAll: tokensOfRequest(last.raw) - tokensOfRequest(without.raw),
  };
}

/** A tool of Claude Code, or the namespace of Codex. */
const ofMo = /^mcp__(mo|plugin_mo_mo)(__|$)/;

const request = z.object({
  tools: z.array(z.looseObject({ name: z.string().optional() })).default([]),
});

function toolsIn(raw: Json): z.infer<typeof request>['tools'] {
  return request.parse(raw).tools;
}

function tokensOfRequest(raw: Json): number {
  const tools = toolsIn(raw).map((tool) => JSON.stringify(tool));
  return tokens([...tools, ...wordsIn(raw)].join('\n'));
}

const conversation = z.object({
  system: json.default(null),
  messages: json.default(null),
  input: json.default(null),
});

/** Every text of the conversation, but for ids and names of fields. */
function wordsIn(raw: Json): string[] {
  const words: string[] = [];
  const walk = (value: Json): void => {
    if (typeof value === 'string') words.push(value);
    else if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) if (!framing.has(key)) walk(inner);
    }
  };
  Object.values(conversation.parse(raw)).forEach(walk);
  return words;
}

const framing = new Set(['id', 'call_id', 'tool_use_id', 'type', 'role', 'cache_control']);

function tokens(text: string): number {
  return encode(text, { allowedSpecial: 'all' }).length;
}
