import { join } from 'node:path';
import { askHost } from '../ask-host.ts';
import {
  type Entry,
  type Host,
  type HostCall,
  type HostCheck,
  HostRefusal,
  serverName,
} from '../host.ts';
import { objectInJson, removeFromJson, setInJson, valueOfJson } from '../json-text.ts';
import { claudeApprovals } from './approvals.ts';
import { claudeConfigFile, claudeFolder } from './folder.ts';
import { claudePlugin } from './plugin.ts';

/** Claude Code. Verified with 2.1.329. */
export const claudeHost: Host = {
  name: 'claude',
  title: 'Claude Code',
  binary: 'claude',
  call: () => '/orchestrate <goal>',
  signs: (place) => [claudeConfigFile(place), claudeFolder(place)],
  files: (place, scope) =>
    scope === 'user'
      ? {
          entry: claudeConfigFile(place),
          skill: join(claudeFolder(place), 'skills', 'orchestrate'),
          memory: join(claudeFolder(place), 'CLAUDE.md'),
        }
      : {
          entry: join(place.project, '.mcp.json'),
          skill: join(place.project, '.claude', 'skills', 'orchestrate'),
          memory: join(place.project, 'CLAUDE.md'),
        },
  isEntryShared: (scope) => scope === 'project',
  read: valueOfJson,
  readEntry: (text) => objectInJson(text, ['mcpServers', serverName]),
  setEntry: (text, entry) => {
    if (text === null || text.trim() === '') return `${pretty({ mcpServers: { mo: entry } })}\n`;
    return setInJson(text, ['mcpServers', serverName], { ...entry });
  },
  removeEntry: (text) => removeFromJson(text, ['mcpServers', serverName]),
  entryFor: ({ command, args }, present) => ({
    ...present,
    type: 'stdio',
    command,
    args: [...args],
  }),
  // `.mcp.json` belongs to the team: its form is kept, and Claude Code does not rewrite it while it runs.
  ownWay: (scope) => (scope === 'project' ? null : { name: 'claude mcp add-json', set, remove }),
  approvals: () => claudeApprovals,
  check: async (call, { scope, mode }) => {
    const folder = scope === 'project' ? call.place.project : call.place.home;
    const name = mode === 'plugin' ? `plugin:${serverName}:${serverName}` : serverName;
    const { stdout } = await askHost(call, ['mcp', 'get', name], folder);
    const status = /^\s*Status:\s*(.*)$/m.exec(stdout)?.[1] ?? 'it did not say';
    const issue = /^\s*Issue:\s*(.*)$/m.exec(stdout)?.[1];
    return { state: stateOf(status), what: issue === undefined ? status : `${status} (${issue})` };
  },
  removal: (scope) => `claude mcp remove -s ${scope} ${serverName}`,
  plugin: claudePlugin,
};

/** Claude Code refuses a name that is taken, so what is there goes first. */
async function set(call: HostCall, entry: Entry, present: Entry | null): Promise<void> {
  if (present !== null) await remove(call);
  try {
    await askHost(call, ['mcp', 'add-json', '-s', 'user', serverName, JSON.stringify(entry)]);
  } catch (error) {
    if (error instanceof HostRefusal && present !== null) {
      await askHost(call, ['mcp', 'add-json', '-s', 'user', serverName, JSON.stringify(present)]);
    }
    throw error;
  }
}

async function remove(call: HostCall): Promise<void> {
  await askHost(call, ['mcp', 'remove', '-s', 'user', serverName]);
}

/** `✔ Connected`, `✘ Failed to connect`, `⏸ Pending approval (...)` (2.1.329). */
function stateOf(status: string): HostCheck['state'] {
  if (/pending approval/i.test(status)) return 'waiting';
  return /connected/i.test(status) && !/not connected/i.test(status) ? 'reached' : 'lost';
}

function pretty(value: object): string {
  return JSON.stringify(value, null, 2);
}
