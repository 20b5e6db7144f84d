import { join } from 'node:path';
import { fieldOf, type Json } from '../../core/json.ts';
import { serverName, type Entry, type Host, type ServerCommand } from '../host.ts';
import { removeTomlTable, setTomlTable, tableInToml, valueOfToml } from '../toml-text.ts';
import { codexPluginApprovals } from './approvals.ts';
import { codexFolder } from './folder.ts';
import { codexCheck } from './check.ts';
import { passedNames } from './passed-names.ts';
import { codexPlugin } from './plugin.ts';
import { removeEntry, writeEntry } from './write-entry.ts';

const table = ['mcp_servers', serverName];

/** Codex. Verified with 0.169.0. Servers of a project are off until the project is trusted, so the entry is the user's in both scopes. */
export const codexHost: Host = {
  name: 'codex',
  title: 'Codex',
  binary: 'codex',
  // A skill of a plugin has the plugin's name before its own (0.169.0).
  call: (mode) => (mode === 'plugin' ? '$mo:orchestrate <goal>' : '$orchestrate <goal>'),
  signs: (place) => [codexFolder(place)],
  files: (place, scope) => ({
    entry: join(codexFolder(place), 'config.toml'),
    skill: join(scope === 'user' ? place.home : place.project, '.agents', 'skills', 'orchestrate'),
    memory:
      scope === 'user' ? join(codexFolder(place), 'AGENTS.md') : join(place.project, 'AGENTS.md'),
  }),
  isEntryShared: () => false,
  read: valueOfToml,
  readEntry: (text) => tableInToml(text, table),
  setEntry: (text, entry) => setTomlTable(text ?? '', table, entry),
  removeEntry: (text) => removeTomlTable(text, table),
  entryFor,
  // Codex writes LF alone (0.169.0), so a file with other line ends is edited as text.
  ownWay: (_scope, text) =>
    text?.includes('\r\n') === true
      ? null
      : { name: 'codex app-server config/value/write', set: writeEntry, remove: removeEntry },
  approvals: (mode) => (mode === 'plugin' ? codexPluginApprovals : null),
  check: (call) => codexCheck(call),
  removal: () => `codex mcp remove ${serverName}`,
  plugin: codexPlugin,
};

function entryFor(
  { command, args }: ServerCommand,
  present: Entry | null,
  approve: readonly string[],
): Entry {
  const passed = textsOf(present?.['env_vars']).filter((name) => !passedNames.includes(name));
  const tools = Object.fromEntries(approve.map((tool) => [tool, approved(present, tool)]));
  return {
    ...present,
    command,
    args: [...args],
    env_vars: [...passedNames, ...passed],
    startup_timeout_sec: present?.['startup_timeout_sec'] ?? 20,
    tool_timeout_sec: present?.['tool_timeout_sec'] ?? 120,
    ...(approve.length === 0 ? {} : { tools: { ...tablesOf(present?.['tools']), ...tools } }),
  };
}

function approved(present: Entry | null, tool: string): Json {
  return { ...tablesOf(fieldOf(present?.['tools'], tool)), approval_mode: 'approve' };
}

function textsOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function tablesOf(value: Json | undefined): Record<string, Json> {
  return isEntry(value) ? value : {};
}

function isEntry(value: Json | undefined): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
