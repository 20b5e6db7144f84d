import { join } from 'node:path';
import { z } from 'zod';
import { fieldOf, parseJson } from '../../core/json.ts';
import { askHost, clearByHost } from '../ask-host.ts';
import { type HostCall, type HostPlace, marketplaceName, pluginId, serverName } from '../host.ts';
import type { PluginTraces } from '../plugin-traces.ts';
import { valueOfToml } from '../toml-text.ts';
import { codexFolder } from './folder.ts';

export const codexPlugin = {
  file: (place: HostPlace): string => join(codexFolder(place), 'config.toml'),
  traces: (place: HostPlace): PluginTraces => {
    const folder = codexFolder(place);
    const cache = join(folder, 'plugins', 'cache');
    return {
      copy: join(cache, marketplaceName),
      folders: [join(folder, 'plugins'), cache, join(folder, '.tmp', 'marketplaces')],
      files: [],
    };
  },
  install: async (call: HostCall, marketplace: string): Promise<void> => {
    await askHost(call, ['plugin', 'marketplace', 'add', marketplace, '--json']);
    await askHost(call, ['plugin', 'add', pluginId, '--json']);
  },
  uninstall: async (call: HostCall): Promise<void> => {
    await askHost(call, ['plugin', 'remove', pluginId]);
    await askHost(call, ['plugin', 'marketplace', 'remove', marketplaceName]);
  },
  clear: (call: HostCall): Promise<void> =>
    clearByHost(call, [
      ['plugin', 'remove', pluginId],
      ['plugin', 'marketplace', 'remove', marketplaceName],
    ]),
  named: (text: string): string[] => {
    const plugins = tables.safeParse(fieldOf(valueOfToml(text), 'plugins')).data ?? {};
    return Object.entries(plugins).flatMap(([id, { enabled }]) =>
      id.startsWith(`${serverName}@`) && enabled ? [id] : [],
    );
  },
  installed: async (call: HostCall): Promise<string[]> => {
    const { stdout } = await askHost(call, ['plugin', 'list', '--json']);
    const plugins = listed.safeParse(parseJson(stdout)?.value).data?.installed ?? [];
    return plugins.flatMap(({ pluginId: id, name, enabled }) =>
      enabled && name === serverName ? [id] : [],
    );
  },
  removal: (id: string): string => `codex plugin remove ${id}`,
};

const tables = z.record(z.string(), z.object({ enabled: z.boolean().default(true) }));
const listed = z.object({
  installed: z.array(z.object({ pluginId: z.string(), name: z.string(), enabled: z.boolean() })),
});
