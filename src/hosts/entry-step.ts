import { isDeepStrictEqual } from 'node:util';
import { json, type Json } from '../core/json.ts';
import { MoError } from '../core/problem.ts';
import {
  changeConfigFile,
  hashOf,
  readConfigFile,
  restoreFile,
  settledMark,
  tidyUp,
  writeText,
  type ConfigFile,
  type FileMark,
  type Needed,
} from './config-file.ts';
import { diffOf } from './diff.ts';
import {
  HostRefusal,
  type Entry,
  type Host,
  type HostCall,
  type HostPlace,
  type Scope,
} from './host.ts';
import type { EntryPart } from './install-record.ts';
import { isOfMo, showCommand } from './server-command.ts';
import type { ServerCommand } from './host.ts';
import { saysTheSame } from './says-the-same.ts';
import { TextError } from './text-error.ts';
import type { Step } from './step.ts';

export type EntryWish = {
  place: HostPlace;
  host: Host;
  scope: Scope;
  server: ServerCommand;
  approve: readonly string[];
  /** null: the host's program is not there, only its files. */
  call: HostCall | null;
  known: EntryPart | null;
  force: boolean;
};

/** Throws `config-broken` with the line, `config-read-only`, and `entry-foreign` where somebody else's server has the name. */
export async function planEntry(wish: EntryWish): Promise<Step> {
  const { host, scope, place, server } = wish;
  const { entry: file } = host.files(place, scope);
  const config = await readConfigFile(file);
  const present =
    config.text === null ? null : inFile(file, () => host.readEntry(config.text ?? ''));
  // What mo has written there itself is its own to write again, whatever became of it.
  const isOurs = present === null || wish.known !== null || isOfMo(present);
  if (!isOurs && !wish.force) {
    throw new MoError({ code: 'entry-foreign', file, command: showCommand(present) });
  }
  const entry = host.entryFor(server, present, wish.approve);
  const ownWay = wish.call === null ? null : host.ownWay(scope, config.text);
  const edited = edit(wish, config, entry, ownWay !== null);
  const isSame = isDeepStrictEqual(present, json.parse(entry));
  return {
    kind: 'entry',
    path: file,
    change: isSame ? 'same' : present === null ? 'new' : 'changed',
    what: `server mo: ${showCommand(entry)}`,
    by: ownWay?.name ?? null,
    diff: isSame ? null : shownDiff(host, config, edited),
    apply: async (announce) => {
      const known = wish.known === null ? null : await settled(wish.known, host);
      if (isSame) return known ?? adopted(config, entry);
      // Whoever was asked whether to go on may have taken their time.
      const now = await readConfigFile(file);
      const entryBefore = known === null ? present : known.entryBefore;
      const part = (mark: FileMark): EntryPart => ({
        kind: 'entry',
        mark,
        entry: { ...entry },
        entryBefore: entryBefore === null ? null : { ...entryBefore },
      });
      const change = {
        stamp: place.stamp,
        known: known?.mark ?? null,
        announce: (mark: FileMark | null) => announce(mark === null ? null : part(mark)),
      };
      return part(await changeConfigFile(now, change, () => write(wish, now, entry, present)));
    },
  };
}

/** Takes the entry out again: the bytes that were there before, or only the entry where the file has changed since. */
export async function undoEntry(
  recorded: EntryPart,
  { host, scope, call, needed }: Pick<EntryWish, 'host' | 'scope' | 'call'> & Needed,
): Promise<'restored' | 'taken out'> {
  const part = await settled(recorded, host);
  const isRestored = await restoreFile(part.mark);
  if (!isRestored) await takeOut(part, { host, scope, call });
  await tidyUp(part.mark, needed);
  return isRestored ? 'restored' : 'taken out';
}

/** What is left of the text without mo's entry, with the one that stood there before. Throws `config-broken`. */
export function withoutEntry({ mark, entryBefore }: EntryPart, host: Host, text: string): string {
  return inFile(mark.file, () => {
    if (host.readEntry(text) === null) return text;
    const without = host.removeEntry(text);
    return entryBefore === null ? without : host.setEntry(without, entryBefore);
  });
}

/** An entry that mo was writing when it was cut off, as if it had come to its end. */
async function settled(part: EntryPart, host: Host): Promise<EntryPart> {
  const { file } = part.mark;
  const beside = (text: string): Json => inFile(file, () => host.read(host.removeEntry(text)));
  const mark = await settledMark(part.mark, (now, before) =>
    saysTheSame(beside(now), before === null ? {} : beside(before)),
  );
  return { ...part, mark };
}

async function takeOut(
  part: EntryPart,
  { host, scope, call }: Pick<EntryWish, 'host' | 'scope' | 'call'>,
): Promise<void> {
  const { file } = part.mark;
  const config = await readConfigFile(file);
  const { text } = config;
  if (text === null) return;
  const edited = withoutEntry(part, host, text);
  if (edited === text) return;
  const ownWay = call === null ? null : host.ownWay(scope, text);
  if (ownWay === null || call === null || part.entryBefore !== null) {
    await writeText(config, edited);
    return;
  }
  await byHost(
    host,
    file,
    () => ownWay.remove(call),
    () => writeText(config, edited),
  );
}

/** The host's own way first; where its program does not know how, the text is edited. */
async function write(
  wish: EntryWish,
  config: ConfigFile,
  entry: Entry,
  present: Entry | null,
): Promise<void> {
  const { host, call, scope } = wish;
  const ownWay = call === null ? null : host.ownWay(scope, config.text);
  const byText = async (): Promise<void> =>
    writeText(config, edit(wish, config, entry, false) ?? '');
  if (ownWay === null || call === null) return byText();
  await byHost(host, config.file, () => ownWay.set(call, entry, present), byText);
  const after = await readConfigFile(config.file);
  const written = after.text === null ? null : host.readEntry(after.text);
  if (!isDeepStrictEqual(written, json.parse(entry))) {
    const what = `${ownWay.name} said that it was done, and the entry is not there`;
    throw new MoError({ code: 'host-refused', host: host.title, what });
  }
}

async function byHost(
  host: Host,
  file: string,
  own: () => Promise<void>,
  otherwise: () => Promise<void>,
): Promise<void> {
  try {
    await own();
  } catch (cause) {
    if (!(cause instanceof HostRefusal)) throw cause;
    if (cause.isUnable) return otherwise();
    throw new MoError(
      { code: 'host-refused', host: host.title, what: `${file}: ${cause.message}` },
      { cause },
    );
  }
}

function shownDiff({ title }: Host, { text }: ConfigFile, edited: string | null): string {
  if (edited !== null) return diffOf(text ?? '', edited);
  return `! ${title} writes the entry into this form of the file, and may write the lines around it anew`;
}

/** null: only the host itself can change a file of this form. */
function edit(
  wish: EntryWish,
  config: ConfigFile,
  entry: Entry,
  hasOwnWay: boolean,
): string | null {
  try {
    return wish.host.setEntry(config.text, entry);
  } catch (cause) {
    if (!(cause instanceof TextError)) throw cause;
    if (hasOwnWay) return null;
    throw broken(config.file, cause);
  }
}

function inFile<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof TextError) throw broken(file, cause);
    throw cause;
  }
}

function broken(file: string, cause: TextError): MoError {
  const { line, message: what } = cause;
  return new MoError({ code: 'config-broken', file, line, what }, { cause });
}

/** It stood there already, written by nobody knows whom: taken out by its name, never by bytes. */
function adopted(config: ConfigFile, entry: Entry): EntryPart {
  const after = hashOf(config.text) ?? '';
  const mark = { file: config.file, before: '', after, backup: null, madeFolders: [] };
  return { kind: 'entry', mark, entry: { ...entry }, entryBefore: null };
}
