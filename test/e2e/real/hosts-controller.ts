import { z } from 'zod';
import type { Json } from '../../../src/core/json.ts';
import { parseJson } from '../../../src/core/json.ts';
import type {
  ModelReply,
  ModelRequest,
  ModelScript,
} from '../../../src/selftest/model-servers/model-script.ts';

/** What the model of a host does next: a call of mo, or its last words. */
export type Move = { call: string; input: { [key: string]: Json } } | { say: string };

/** What that model saw of a call. `data` is null where the answer was text. */
export type Seen = { tool: string; text: string; data: Json | null; isError: boolean };

/**
 * A model script that drives mo through whichever host asks, and searches for a tool that the host holds back: for all of `wanted` at
 * once by their names, or in the words of somebody who does not know them.
 */
export function controller(
  next: (seen: readonly Seen[]) => Move | Promise<Move>,
  wanted: readonly string[] = [],
): ModelScript {
  return async (request) => {
    const move = await next(seenIn(request));
    return 'say' in move ? [{ text: move.say }] : callOrSearch(request, move, wanted);
  };
}

/** The answers of mo in the newest request, as the model reads them. */
export function seenIn({ results, raw }: ModelRequest): Seen[] {
  const scripts = scriptsIn(raw);
  return results.flatMap(({ id, tool, text, isError }) => {
    const name = tool === codeTool ? calledIn(scripts.get(id) ?? '') : shortName(tool);
    if (name === null || searchTools.includes(name)) return [];
    const own = withoutFrame(text);
    return [{ tool: name, text: own, data: parseJson(own)?.value ?? null, isError }];
  });
}

/** What a search for tools told the model of them, where it came as an answer. */
export function foundIn({ raw }: ModelRequest): string[] {
  const scripts = scriptsIn(raw);
  return (conversation.safeParse(raw).data?.input ?? []).flatMap((item) => {
    const searched = searchAnswer.safeParse(item).data;
    if (searched !== undefined) return [JSON.stringify(searched.tools)];
    const ran = scriptAnswer.safeParse(item).data;
    const isListing = ran !== undefined && scripts.get(ran.call_id)?.includes('ALL_TOOLS');
    return isListing === true ? [JSON.stringify(ran.output)] : [];
  });
}

/** What a model would search for, in the words of somebody who does not know the name. */
const searches: Record<string, string> = {
  health: 'which coding agents are installed and signed in',
  route: 'which model should I use',
  workflow_check: 'check a plan of several agents before it runs',
  output: 'result of the agent',
  workflow_run: 'orchestrate several agents on a big goal',
};

/** Of Claude Code, and of Codex with a model that its catalogue knows. */
const searchTools = ['ToolSearch', 'tool_search'];
/** The one tool of Codex for a model in code mode: a script calls all others. */
const codeTool = 'exec';
const prefixes = ['mcp__mo__', 'mcp__plugin_mo_mo__'];

function callOrSearch(
  request: ModelRequest,
  { call, input }: Extract<Move, { call: string }>,
  wanted: readonly string[],
): ModelReply {
  const { tools } = request;
  const name = prefixes.map((prefix) => prefix + call).find((one) => tools.includes(one));
  if (name !== undefined) return [{ tool: { name, input } }];
  if (tools.includes(codeTool)) {
    const isLook = wanted.length > 0 && foundIn(request).length === 0;
    return [{ tool: { name: codeTool, input: isLook ? lookFor(wanted) : asScript(call, input) } }];
  }
  const search = searchFor(call, request, wanted);
  if (search === null || request.results.at(-1)?.tool === search.name) {
    throw new Error(`${call} of mo is not offered: ${tools.join(', ')}`);
  }
  return [{ tool: search }];
}

function searchFor(
  call: string,
  { tools }: ModelRequest,
  wanted: readonly string[],
): { name: string; input: Json } | null {
  const name = searchTools.find((one) => tools.includes(one));
  if (name === undefined) return null;
  if (wanted.length === 0) {
    const query = searches[call];
    return query === undefined ? null : { name, input: { query, max_results: 5 } };
  }
  // Claude Code tells its model of this form.
  const prefix = prefixes.find((one) => tools.includes(`${one}poll`)) ?? '';
  const byName = `select:${wanted.map((one) => prefix + one).join()}`;
  return { name, input: { query: name === 'ToolSearch' ? byName : wanted.join(' ') } };
}

function lookFor(wanted: readonly string[]): string {
  return `text(ALL_TOOLS.filter(({ name }) => /^mcp__mo__(${wanted.join('|')})$/.test(name)));`;
}

/** As the skill says it. */
function asScript(call: string, input: Json): string {
  return `const said = await tools.mcp__mo__${call}(${JSON.stringify(input)});
text(said.structuredContent ?? said.content[0].text);`;
}

function shortName(tool: string): string {
  return tool.replace(/^mcp__(?:mo|plugin_mo_mo)__/, '');
}

/** The tool of mo that a script calls; null where it calls none. */
function calledIn(code: string): string | null {
  return /mcp__mo__(\w+)\(\{/.exec(code)?.[1] ?? null;
}

const conversation = z.object({ input: z.array(z.unknown()) });
const script = z.object({
  type: z.literal('custom_tool_call'),
  call_id: z.string(),
  input: z.string(),
});
const scriptAnswer = z.object({
  type: z.literal('custom_tool_call_output'),
  call_id: z.string(),
  output: z.unknown(),
});
const searchAnswer = z.object({
  type: z.literal('tool_search_output'),
  tools: z.array(z.unknown()),
});

/** What the model of Codex ran in code mode, by the id of the call. */
function scriptsIn(raw: Json): Map<string, string> {
  const items = conversation.safeParse(raw).data?.input ?? [];
  const found = items.flatMap((item) => script.safeParse(item).data ?? []);
  return new Map(found.map(({ call_id: id, input }) => [id, input]));
}

/** Claude Code adds reminders after an answer, Codex the time before it. */
function withoutFrame(text: string): string {
  return text
    .replace(/\s*<system-reminder>[\s\S]*?<\/system-reminder>\s*/g, '')
    .replace(/^(?:Script completed\n)?Wall time:? [\d.]+ seconds\nOutput:\n+/, '');
}
