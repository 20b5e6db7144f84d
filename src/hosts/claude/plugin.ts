import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../core/json.ts';
import { askHost, clearByHost } from '../ask-host.ts';
import { type HostCall, type HostPlace, marketplaceName, pluginId, serverName } from '../host.ts';
import { claudeFolder } from './folder.ts';

/** A marketplace in a folder is read in place, so it has to stay where it is. Known names are refused: what is there goes first. */
export const claudePlugin = {
  file: (place: HostPlace): string => join(claudeFolder(place), 'settings.json'),
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
  isInstalled: async (call: HostCall): Promise<boolean> => {
    const { stdout } = await askHost(call, ['plugin', 'list', '--json']);
    const plugins = installed.safeParse(parseJson(stdout)?.value).data ?? [];
    return plugins.some(({ id, enabled }) => enabled && id.startsWith(`${serverName}@`));
  },
};

const installed = z.array(z.object({ id: z.string(), enabled: z.boolean() }));
