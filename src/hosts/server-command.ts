import { join } from 'node:path';
import { fieldOf } from '../core/json.ts';
import type { Entry, HostPlace, ServerCommand } from './host.ts';

export const commandKinds = ['node', 'npx', 'global'] as const;
export type CommandKind = (typeof commandKinds)[number];

/** `node` starts fastest and needs no PATH; `npx` is the same on every machine of a team. */
export function serverCommand(
  kind: CommandKind,
  place: Pick<HostPlace, 'node' | 'version'>,
  packageFolder: string,
): ServerCommand {
  switch (kind) {
    case 'node':
      return { command: place.node, args: [join(packageFolder, 'dist', 'mo.mjs'), 'serve'] };
    case 'npx':
      return { command: 'npx', args: ['-y', `mo-mcp@${rangeOf(place.version)}`, 'serve'] };
    case 'global':
      return { command: 'mo', args: ['serve'] };
  }
}

/** Whether an entry under mo's name starts mo in one of its ways. Other programs are called `mo` too: that name alone says nothing. */
export function isOfMo(entry: Entry): boolean {
  const [program = '', ...args] = wordsOf(entry);
  if (program === 'mo') return args[0] === 'serve';
  if (/(^|[/\\])mo-mcp(\.cmd)?$/.test(program)) return true;
  return args.some((arg) => /(^|[/\\])dist[/\\]mo\.mjs$/.test(arg) || /^mo-mcp(@|$)/.test(arg));
}

export function showCommand(entry: Entry): string {
  return wordsOf(entry).join(' ');
}

function wordsOf(entry: Entry): string[] {
  const args = fieldOf({ ...entry }, 'args');
  const words = [entry['command'] ?? entry['url'], ...(Array.isArray(args) ? args : [])];
  return words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word)));
}

/** What npm takes as compatible: below 1.0 a new minor version may change anything. */
function rangeOf(version: string): string {
  return `^${version}`;
}
