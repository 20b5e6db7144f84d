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
 * A model script that drives mo through whichever host asks, and searches for a tool that the host holds back: with `query`, or in the
 * words of somebody who does not know its name.
 */
export function controller(
  next: (seen: readonly Seen[]) => Move | Promise<Move>,
  query?: string,
): ModelScript {
  return async (request) => {
    const move = await next(seenIn(request));
    return 'say' in move
      ? [{ text: move.say }]
      : callOrSearch(request, move, query ?? searches[move.call]);
  };
}

/** The answers of mo in the newest request, as the model reads them. */
export function seenIn({ results }: ModelRequest): Seen[] {
  return results
    .filter(({ tool }) => tool !== searchTool)
    .map(({ tool, text, isError }) => {
      const own = withoutFrame(text);
      return {
        tool: tool.replace(/^mcp__mo__/, ''),
        text: own,
        data: parseJson(own)?.value ?? null,
        isError,
      };
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

const searchTool = 'ToolSearch';

function callOrSearch(
  { tools, results }: ModelRequest,
  { call, input }: Extract<Move, { call: string }>,
  query: string | undefined,
): ModelReply {
  const name = `mcp__mo__${call}`;
  if (tools.includes(name)) return [{ tool: { name, input } }];
  if (query === undefined || !tools.includes(searchTool) || results.at(-1)?.tool === searchTool) {
    throw new Error(`${name} is not offered: ${tools.join(', ')}`);
  }
  return [{ tool: { name: searchTool, input: { query, max_results: 5 } } }];
}

/** Claude Code adds reminders after an answer, Codex the time before it. */
function withoutFrame(text: string): string {
  return text
    .replace(/\s*<system-reminder>[\s\S]*?<\/system-reminder>\s*/g, '')
    .replace(/^Wall time: [\d.]+ seconds\nOutput:\n/, '');
}
