import type { WorkerEvent } from '../../core/worker.ts';
import {
  type Fields,
  kindIn,
  fieldsOf,
  listIn,
  numberIn,
  objectIn,
  objectsIn,
  textIn,
} from '../fields.ts';
import { oneLine, shorten } from '../shorten.ts';

type ToolStarted = Extract<WorkerEvent, { type: 'tool.started' }>;

/** The tool call an item of Codex 0.169.0 stands for (recorded; todo lists and web searches documented), or null. */
export function toolOf(item: Fields): ToolStarted | null {
  const id = textIn(item, 'id');
  if (id === null) return null;
  const call = { type: 'tool.started', id } as const;
  switch (kindIn(item, 'type')) {
    case 'command_execution': {
      const summary = oneLine(insideShell(textIn(item, 'command') ?? ''));
      return { ...call, tool: 'shell', kind: 'shell', summary, paths: [] };
    }
    case 'file_change': {
      const changes = objectsIn(item, 'changes');
      const paths = changes.flatMap((change) => textIn(change, 'path') ?? []);
      const parts = changes.map((change) => `${textIn(change, 'kind')} ${textIn(change, 'path')}`);
      return { ...call, tool: 'edit', kind: 'write', summary: oneLine(parts.join(', ')), paths };
    }
    case 'mcp_tool_call': {
      const tool = `${textIn(item, 'server') ?? '?'}.${textIn(item, 'tool') ?? '?'}`;
      const summary = oneLine(JSON.stringify(item['arguments'] ?? {}));
      return { ...call, tool, kind: 'mcp', summary, paths: [] };
    }
    case 'collab_tool_call': {
      const tool = textIn(item, 'tool') ?? 'subagent';
      const summary = oneLine(textIn(item, 'prompt') ?? tool);
      return { ...call, tool, kind: 'agent', summary, paths: [] };
    }
    case 'web_search': {
      const summary = oneLine(textIn(item, 'query') ?? '');
      return { ...call, tool: 'web_search', kind: 'search', summary, paths: [] };
    }
    default:
      return null;
  }
}

/** The end of a tool call, with the refusal first where there was one. */
export function toolEnd(item: Fields, tool: ToolStarted): WorkerEvent[] {
  const status = textIn(item, 'status');
  const error = textIn(objectIn(item, 'error'), 'message');
  const exitCode = numberIn(item, 'exit_code');
  const ok = status !== 'failed' && status !== 'declined' && error === null;
  const isDenied = status === 'declined' || (error?.includes('requires approval') ?? false);
  const reason = error ?? 'declined';
  return [
    ...(isDenied ? [{ type: 'denied', tool: tool.tool, reason } as const] : []),
    { type: 'tool.ended', id: tool.id, ok, exitCode, summary: outcomeText(item, error) },
  ];
}

/** A plan of the worker as one line. */
export function todoText(item: Fields): string {
  return shorten(
    objectsIn(item, 'items')
      .map((todo) => `${todo['completed'] === true ? '[x]' : '[ ]'} ${textIn(todo, 'text') ?? ''}`)
      .join(' '),
  );
}

function outcomeText(item: Fields, error: string | null): string {
  const output = textIn(item, 'aggregated_output');
  if (error !== null || output !== null) return oneLine(error ?? output ?? '');
  const texts = listIn(objectIn(item, 'result'), 'content').flatMap(
    (part) => textIn(fieldsOf(part), 'text') ?? [],
  );
  return oneLine(texts.join(' ') || (textIn(item, 'status') ?? ''));
}

/** What stands inside `/bin/bash -lc '…'`. */
function insideShell(command: string): string {
  const inside = /^(?:\/\S*\/)?(?:ba|z)?sh -l?c (.+)$/s.exec(command)?.[1];
  if (inside === undefined) return command;
  const quoted = /^(['"])(.*)\1$/s.exec(inside);
  if (quoted?.[1] === "'") return (quoted[2] ?? '').replaceAll(/'\\''|'"'"'/g, "'");
  return quoted?.[2]?.replaceAll(/\\(["\\$`])/g, '$1') ?? inside;
}
