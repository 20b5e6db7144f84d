import { z } from 'zod';
import { json, type Json } from '../../core/json.ts';
import type { ModelRequest, ToolResult } from './model-script.ts';

const textPart = z.object({ type: z.enum(['input_text', 'output_text']), text: z.string() });
const output = z.union([z.string(), z.array(z.unknown())]);
const named = z.object({ name: z.string() });
const offered = z.object({
  type: z.string(),
  name: z.string().optional(),
  /** Of a namespace: the tools of one MCP server. */
  tools: z.array(named).optional(),
});
const item = z.union([
  z.object({
    type: z.literal('message').optional(),
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: z.union([z.string(), z.array(z.unknown())]),
  }),
  z.object({
    type: z.enum(['function_call', 'custom_tool_call']),
    call_id: z.string(),
    name: z.string(),
  }),
  z.object({
    type: z.enum(['function_call_output', 'custom_tool_call_output']),
    call_id: z.string(),
    output,
  }),
  z.object({ type: z.literal('tool_search_output'), call_id: z.string(), tools: z.array(offered) }),
  /** What a model in code mode may call. */
  z.object({ type: z.literal('additional_tools'), tools: z.array(offered) }),
  z.unknown().transform(() => ({ type: 'other' as const })),
]);
const responsesRequest = z.object({
  model: z.string(),
  instructions: z.string().optional(),
  input: z.array(item),
  tools: z.array(offered).optional(),
  text: z.object({ format: z.object({ schema: json.optional() }).optional() }).optional(),
});

/** A request to `/v1/responses`, or null when it is none. */
export function readOpenai(raw: Json): ModelRequest | null {
  const parsed = responsesRequest.safeParse(raw);
  if (!parsed.success) return null;
  const { model, instructions, input, text } = parsed.data;
  const system = instructions === undefined ? [] : [instructions];
  const names = new Map<string, string>();
  const prompts: string[] = [];
  let results: ToolResult[] = [];
  let folder: string | null = null;
  for (const one of input) {
    if ('role' in one) {
      const said = texts(one.content);
      folder = /<cwd>(.+?)<\/cwd>/.exec(said.join('\n'))?.[1] ?? folder;
      if (one.role === 'system' || one.role === 'developer') system.push(...said);
      const prompt = one.role === 'user' ? said.filter(isOfUser) : [];
      if (prompt.length === 0) continue;
      prompts.push(prompt.join('\n'));
      results = [];
    } else if ('name' in one) {
      names.set(one.call_id, one.name);
    } else if ('call_id' in one && 'tools' in one) {
      const found = one.tools.flatMap(toolNames).join(', ');
      results.push({ id: one.call_id, tool: toolSearch, text: found, isError: false });
    } else if ('output' in one) {
      const tool = names.get(one.call_id) ?? 'unknown';
      const answer = texts(one.output).join('\n');
      const code = /(?:exited with code|"exit_code":|Exit code:) ?(-?\d+)/.exec(answer)?.[1];
      const isError = code !== undefined && code !== '0';
      results.push({ id: one.call_id, tool, text: answer, isError });
    }
  }
  return {
    dialect: 'openai',
    model,
    system: system.join('\n'),
    prompt: prompts.at(-1) ?? '',
    prompts,
    results,
    tools: offeredIn(parsed.data).flatMap(toolNames),
    schema: text?.format?.schema ?? null,
    folder,
    raw,
  };
}

/** What Codex is asked with for tools that it has not shown its model yet (gpt-5.5, 0.169.0). */
export const toolSearch = 'tool_search';

/** The namespace of a tool that is named `namespace__tool`, as Claude Code names those of MCP servers too; null when it is in none. */
export function namespaceOf(name: string, raw: Json): { namespace: string; name: string } | null {
  const parsed = responsesRequest.safeParse(raw);
  if (!parsed.success) return null;
  for (const one of offeredIn(parsed.data)) {
    const found = one.tools?.find((inner) => `${one.name}__${inner.name}` === name);
    if (found !== undefined && one.name !== undefined) {
      return { namespace: one.name, name: found.name };
    }
  }
  return null;
}

/** Those of the request, those of code mode (gpt-6), and those that a search has found. */
function offeredIn({ tools = [], input }: z.infer<typeof responsesRequest>) {
  return [...tools, ...input.flatMap((one) => ('tools' in one ? one.tools : []))];
}

/** `functions` is what a name without a namespace is in. */
function toolNames({ type, name, tools }: z.infer<typeof offered>): string[] {
  if (tools === undefined) return [name ?? type];
  return tools.map((inner) => (name === 'functions' ? inner.name : `${name}__${inner.name}`));
}

function texts(value: z.infer<typeof output>): string[] {
  if (typeof value === 'string') return [value];
  return value.flatMap((part) => textPart.safeParse(part).data?.text ?? []);
}

/** Codex puts the machine, the skills and AGENTS.md into user messages of their own. */
function isOfUser(text: string): boolean {
  return text.trim() !== '' && !/^(?:<[a-z_]+>|# AGENTS\.md instructions)/.test(text);
}
