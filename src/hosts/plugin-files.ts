import { join } from 'node:path';
import { MoError } from '../core/problem.ts';
import { readFolder, type FolderFiles } from './folder-files.ts';
import { marketplaceName, serverName, type HostPlace, type ServerCommand } from './host.ts';
import { setInJson } from './json-text.ts';

/** The plugin as it ships, started from where this mo is, with a marketplace for each host around it. */
export async function pluginFiles(
  place: Pick<HostPlace, 'package'>,
  { command, args }: ServerCommand,
): Promise<FolderFiles> {
  const folder = join(place.package, 'plugin');
  const shipped = await readFolder(folder);
  const servers = shipped?.get('.mcp.json');
  if (shipped === null || servers === undefined) {
    throw new MoError({ code: 'package-incomplete', folder });
  }
  const started = [
    { key: 'command', value: command },
    { key: 'args', value: [...args] },
  ].reduce(
    (text, { key, value }) => setInJson(text, ['mcpServers', serverName, key], value),
    servers.toString('utf8'),
  );
  return new Map([
    ...[...shipped].map(([path, content]): [string, Buffer] => [`plugin/${path}`, content]),
    ['plugin/.mcp.json', Buffer.from(started)],
    ['.claude-plugin/marketplace.json', asFile(claudeMarketplace)],
    ['.agents/plugins/marketplace.json', asFile(codexMarketplace)],
  ]);
}

const claudeMarketplace = {
  name: marketplaceName,
  owner: { name: 'mo' },
  plugins: [{ name: serverName, source: './plugin' }],
};

/** The plugin must lie in a folder below the marketplace (Codex 0.169.0). */
const codexMarketplace = {
  name: marketplaceName,
  plugins: [
    {
      name: serverName,
      source: { source: 'local', path: './plugin' },
      policy: { installation: 'AVAILABLE', authentication: 'ON_INSTALL' },
      category: 'Productivity',
    },
  ],
};

function asFile(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}
