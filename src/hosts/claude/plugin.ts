import { join } from 'node:path';
import { z } from 'zod';
import { json, parseJson } from '../../core/json.ts';
import { askHost, clearByHost } from '../ask-host.ts';
import { type HostCall, type HostPlace, marketplaceName, pluginId, serverName } from '../host.ts';
import type { PluginTraces } from '../plugin-traces.ts';
import { isOfMo } from '../server-command.ts';
import { claudeFolder } from './folder.ts';

/** A marketplace in a folder is read in place, so it has to stay where it is. Known names are refused: what is there goes first. */
export const claudePlugin = {
  file: (place: HostPlace): string => join(claudeFolder(place), 'settings.json'),
  traces: (place: HostPlace): PluginTraces => {
    const folder = join(claudeFolder(place), 'plugins');
    return {
      copy: join(folder, 'cache', marketplaceName),
      folders: [folder, ...['cache', 'data', 'marketplaces'].map((name) => join(folder, name))],
      files: ['installed_plugins', 'known_marketplaces'].map((name) =>
        join(folder, `${name}.json`),
      ),
    };
  },
  install: async (call: HostCall, marketplace: string): Promise<void> => {
    await askHost(call, ['plugin', 'marketplace', 'add', marketplace]);
    await askHost(call, ['plugin', 'install', pluginId]);
  },
  uninstall: async (call: HostCall): Promise<void> => {
    await askHost(call, ['plugin', 'uninstall', pluginId]);
    await askHost(call, ['plugin', 'marketplace', 'remove', marketplaceName]);
  },
  clear: (call: HostCall): Promise<void> =>
    clearByHost(call, [
      ['plugin', 'uninstall', pluginId],
      ['plugin', 'marketplace', 'remove', marketplaceName],
    ]),
  // Settings that are no strict JSON are for Claude Code to judge.
  named: (text: string): string[] =>
    [...text.matchAll(/"(mo@[^"]+)"\s*:\s*true/g)].flatMap(([, id]) => id ?? []),
  installed: async (call: HostCall): Promise<string[]> => {
    const { stdout } = await askHost(call, ['plugin', 'list', '--json']);
    const plugins = listed.safeParse(parseJson(stdout)?.value).data ?? [];
    const ours = plugins.filter((one) => one.enabled && isOurs(one));
    return [...new Set(ours.map(({ id }) => id))];
  },
  removal: (id: string): string => `claude plugin uninstall ${id}`,
};

/** Versions that name the servers of a plugin (2.1.329 does) tell somebody else's plugin of the same name apart. */
function isOurs({ id, mcpServers }: z.infer<typeof listed>[number]): boolean {
  if (!id.startsWith(`${serverName}@`)) return false;
  return mcpServers === undefined || Object.values(mcpServers).some(isOfMo);
}

const listed = z.array(
  z.object({
    id: z.string(),
    enabled: z.boolean(),
    mcpServers: z.record(z.string(), z.record(z.string(), json)).optional(),
  }),
);
