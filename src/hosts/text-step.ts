import { rm } from 'node:fs/promises';
import { MoError } from '../core/problem.ts';
import {
  changeConfigFile,
  hashOf,
  readConfigFile,
  restoreFile,
  tidyUp,
  type FileMark,
  type Needed,
  writeText,
} from './config-file.ts';
import { diffOf } from './diff.ts';
import type { HostPlace } from './host.ts';
import type { TextPart } from './install-record.ts';
import type { Step } from './step.ts';
import { TextError } from './text-error.ts';

export type TextWish = {
  kind: TextPart['kind'];
  place: HostPlace;
  file: string;
  what: string;
  tools: readonly string[];
  edit: (text: string | null) => string;
  known: TextPart | null;
};

/** A change of a text that mo makes itself. Throws `config-broken` where the text is not what it should be. */
export async function planText(wish: TextWish): Promise<Step> {
  const { file, place, kind, known } = wish;
  const config = await readConfigFile(file);
  const after = editIn(file, () => wish.edit(config.text));
  const isSame = after === (config.text ?? '');
  const tools = [...new Set([...(known?.tools ?? []), ...wish.tools])];
  return {
    kind,
    path: file,
    change: isSame ? 'same' : config.text === null ? 'new' : 'changed',
    what: wish.what,
    by: null,
    diff: isSame ? null : diffOf(config.text ?? '', after),
    apply: async (announce) => {
      if (isSame) {
        const now = hashOf(config.text) ?? '';
        const unknown = { file, before: '', after: now, backup: null, madeFolders: [] };
        return known ?? { kind, mark: unknown, tools };
      }
      // Steps before this one may have changed it too.
      const now = await readConfigFile(file);
      const text = editIn(file, () => wish.edit(now.text));
      const change = {
        stamp: place.stamp,
        known: known?.mark ?? null,
        announce: (mark: FileMark | null) =>
          announce(mark === null ? null : { kind, mark: { ...mark, after: hashOf(text) }, tools }),
      };
      const mark = await changeConfigFile(now, change, () => writeText(now, text));
      return { kind, mark, tools };
    },
  };
}

export async function undoText(
  part: TextPart,
  { remove, needed }: { remove: (text: string) => string } & Needed,
): Promise<'restored' | 'taken out'> {
  const isRestored = await restoreFile(part.mark);
  if (!isRestored) {
    const config = await readConfigFile(part.mark.file);
    const { text } = config;
    const left = text === null ? null : withoutText(part, text, remove);
    if (left?.trim() === '' && part.mark.before === null) await rm(config.target);
    else if (left !== null && left !== text) await writeText(config, left);
  }
  await tidyUp(part.mark, needed);
  return isRestored ? 'restored' : 'taken out';
}

/** What is left of the text without what mo has put there. Throws `config-broken`. */
export function withoutText(
  { mark }: TextPart,
  text: string,
  remove: (text: string) => string,
): string {
  return editIn(mark.file, () => remove(text));
}

function editIn(file: string, edit: () => string): string {
  try {
    return edit();
  } catch (cause) {
    if (!(cause instanceof TextError)) throw cause;
    const { line, message: what } = cause;
    throw new MoError({ code: 'config-broken', file, line, what }, { cause });
  }
}
