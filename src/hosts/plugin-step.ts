import { MoError } from '../core/problem.ts';
import {
  changeConfigFile,
  hashOf,
  readConfigFile,
  remarked,
  restoreFile,
  tidyUp,
  type Needed,
} from './config-file.ts';
import { type Host, type HostCall, HostRefusal, pluginId } from './host.ts';
import type { PluginPart } from './install-record.ts';
import { missingTraces, removeTraces } from './plugin-traces.ts';
import type { Step } from './step.ts';

export type PluginWish = {
  call: HostCall;
  host: Host;
  /** The folder with the marketplaces and the plugin. */
  marketplace: string;
  /** What the folder holds is not what it held. */
  isNew: boolean;
  known: PluginPart | null;
};

/** The host reads the plugin when it is told of it, so a changed one is taken out and put in again. */
export async function planPlugin(wish: PluginWish): Promise<Step> {
  const { call, host, known } = wish;
  const file = host.plugin.file(call.place);
  const config = await readConfigFile(file);
  const isThere = known !== null && (await isThereOf(host, call));
  const isSame = isThere && !wish.isNew;
  return {
    kind: 'plugin',
    path: file,
    change: isSame ? 'same' : isThere ? 'changed' : 'new',
    what: `plugin ${pluginId}`,
    by: `${host.binary} plugin`,
    diff: null,
    apply: async () => {
      if (isSame) return known;
      const made = known?.made ?? (await missingTraces(host.plugin.traces(call.place)));
      const past = { stamp: call.place.stamp, known: known?.mark ?? null };
      const mark = await changeConfigFile(config, past, async () => {
        if (isThere) await ask(host, () => host.plugin.uninstall(call));
        await ask(host, () => host.plugin.install(call, wish.marketplace));
      });
      return { kind: 'plugin', mark, made };
    },
  };
}

export async function undoPlugin(
  part: PluginPart,
  { host, call, needed }: Pick<PluginWish, 'host' | 'call'> & Needed,
): Promise<'restored' | 'taken out'> {
  const { text } = await readConfigFile(part.mark.file);
  const isUntouched = hashOf(text) === part.mark.after;
  if (await isThereOf(host, call)) {
    await ask(host, () => host.plugin.uninstall(call));
  }
  await removeTraces(host.plugin.traces(call.place), part.made);
  const isRestored = isUntouched && (await restoreFile(await remarked(part.mark)));
  await tidyUp(part.mark, needed);
  return isRestored ? 'restored' : 'taken out';
}

/** One from another marketplace is not what mo has put in. */
async function isThereOf(host: Host, call: HostCall): Promise<boolean> {
  return (await ask(host, () => host.plugin.installed(call))).includes(pluginId);
}

async function ask<T>(host: Host, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (cause) {
    if (!(cause instanceof HostRefusal)) throw cause;
    throw new MoError({ code: 'host-refused', host: host.title, what: cause.message }, { cause });
  }
}
