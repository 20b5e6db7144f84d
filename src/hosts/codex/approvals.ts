import { join } from 'node:path';
import { type HostPlace, pluginId, serverName } from '../host.ts';
import { removeTomlTable, setTomlTable } from '../toml-text.ts';
import { codexFolder } from './folder.ts';

/** What the user lets the server of a plugin do stands beside the plugin; that of a server of the user's own, in its entry. */
export const codexPluginApprovals = {
  file: (place: HostPlace): string => join(codexFolder(place), 'config.toml'),
  add: (text: string | null, tools: readonly string[]): string =>
    tools.reduce(
      (all, tool) => setTomlTable(all, [...table, tool], { approval_mode: 'approve' }),
      text ?? '',
    ),
  remove: (text: string, tools: readonly string[]): string =>
    tools.reduce((all, tool) => removeTomlTable(all, [...table, tool]), text),
};

const table = ['plugins', pluginId, 'mcp_servers', serverName, 'tools'];
