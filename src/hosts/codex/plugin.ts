import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../core/json.ts';
import { askHost, clearByHost } from '../ask-host.ts';
import { type HostCall, type HostPlace, marketplaceName, pluginId, serverName } from '../host.ts';
import { codexFolder } from './folder.ts';

export const codexPlugin = {
  file: (place: HostPlace): string => join(codexFolder(place), 'config.toml'),
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
  isInstalled: async (call: HostCall): Promise<boolean> => {
    const { stdout } = await askHost(call, ['plugin', 'list', '--json']);
    const plugins = listed.safeParse(parseJson(stdout)?.value).data?.installed ?? [];
    return plugins.some(({ name, enabled }) => enabled && name === serverName);
  },
};

const listed = z.object({
  installed: z.array(z.object({ name: z.string(), enabled: z.boolean() })),
});
