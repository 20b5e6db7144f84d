import type { WorkerEvent } from '../../core/worker.ts';
import { type Fields, objectIn, textIn } from '../fields.ts';
import { oneLine } from '../shorten.ts';

type ToolStarted = Extract<WorkerEvent, { type: 'tool.started' }>;

/** A `tool_use` block of Claude Code (2.1.197 and 2.1.329, recorded). Null when it carries no id. */
export function toolStarted(block: Fields): ToolStarted | null {
  const id = textIn(block, 'id');
  if (id === null) return null;
  const tool = textIn(block, 'name') ?? 'unknown';
  const input = objectIn(block, 'input');
  const path = textIn(input, 'file_path') ?? textIn(input, 'notebook_path');
  return {
    type: 'tool.started',
    id,
    tool,
    kind: tool.startsWith('mcp__') ? 'mcp' : (kinds.get(tool) ?? 'other'),
    summary: oneLine(telling(input)),
    paths: path === null ? [] : [path],
  };
}

const kinds: ReadonlyMap<string, ToolStarted['kind']> = new Map([
  ['Bash', 'shell'],
  ['Read', 'read'],
  ['LS', 'read'],
  ['Edit', 'write'],
  ['MultiEdit', 'write'],
  ['Write', 'write'],
  ['NotebookEdit', 'write'],
  ['Grep', 'search'],
  ['Glob', 'search'],
  ['WebSearch', 'search'],
  ['WebFetch', 'search'],
  ['ToolSearch', 'search'],
  ['Task', 'agent'],
  ['Agent', 'agent'],
]);

/** The inputs that say what a call is about, the most telling first. */
const tellingInputs = [
  'command',
  'file_path',
  'notebook_path',
  'pattern',
  'query',
  'url',
  'description',
  'question',
  'subject',
  'path',
] as const;

function telling(input: Fields | null): string {
  for (const name of tellingInputs) {
    const value = textIn(input, name);
    if (value !== null && value !== '') return value;
  }
  return input === null ? '' : JSON.stringify(input);
}
