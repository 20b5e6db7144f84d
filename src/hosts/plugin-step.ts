import { MoError } from '../core/problem.ts';
import {
  changeConfigFile,
  hashOf,
  readConfigFile,
  remarked,
  restoreFile,
  settledMark,
  tidyUp,
  type FileMark,
  type Needed,
} from './config-file.ts';
import { type Host, type HostCall, HostRefusal, pluginId } from './host.ts';
import type { PluginPart } from './install-record.ts';
import { missingTraces, removeTraces } from './plugin-traces.ts';
import { saysTheSame } from './says-the-same.ts';
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
  // Refuses what is read-only before anything is done.
  await readConfigFile(file);
  const isThere = known !== null && (await isThereOf(host, call));
  const isCutOff = known?.mark.after === null;
  const isSame = isThere && !wish.isNew && !isCutOff;
  return {
    kind: 'plugin',
    path: file,
    change: isSame ? 'same' : isThere ? 'changed' : 'new',
    what: `plugin ${pluginId}`,
    by: `${host.binary} plugin`,
    diff: null,
    apply: async (announce) => {
      if (isSame) return known;
      const made = known?.made ?? (await missingTraces(host.plugin.traces(call.place)));
      const before = isCutOff ? await cleared(known, { host, call }) : known?.mark;
      const change = {
        stamp: call.place.stamp,
        known: before ?? null,
        announce: (mark: FileMark | null) =>
          announce(mark === null ? null : { kind: 'plugin', mark, made }),
      };
      const now = await readConfigFile(file);
      const mark = await changeConfigFile(now, change, async () => {
        if (isThere && !isCutOff) await ask(host, () => host.plugin.uninstall(call));
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
  if (part.mark.after === null) {
    const mark = await cleared(part, { host, call });
    await tidyUp(mark, needed);
    return (await restoreFile(mark)) ? 'restored' : 'taken out';
  }
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

/** What was cut off on its way in is taken out by the host, and the old bytes are put back where it leaves nothing else. */
async function cleared(
  { mark, made }: PluginPart,
  { host, call }: Pick<PluginWish, 'host' | 'call'>,
): Promise<FileMark> {
  await ask(host, () => host.plugin.clear(call));
  await removeTraces(host.plugin.traces(call.place), made);
  const settled = await settledMark(mark, (now, before) =>
    saysTheSame(host.read(now), before === null ? {} : host.read(before)),
  );
  await restoreFile(settled);
  return settled;
}

async function ask<T>(host: Host, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (cause) {
    if (!(cause instanceof HostRefusal)) throw cause;
    throw new MoError({ code: 'host-refused', host: host.title, what: cause.message }, { cause });
  }
}
