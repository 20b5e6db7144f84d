import { join, sep } from 'node:path';
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { json, parseJson } from '../core/json.ts';
import { MoError } from '../core/problem.ts';
import { readText, writeWhole } from '../platform/files.ts';
import { fileMark, makeFolders, removeEmpty } from './config-file.ts';
import { hostNames, type HostPlace } from './host.ts';

/** What stands in a folder that mo has made. */
const folderPart = z.object({
  kind: z.enum(['skill', 'plugin folder', 'package']),
  folder: z.string(),
  /** SHA-256 over names and contents. */
  hash: z.string(),
  /** That of mo's own older copy it is put in place of, until that is done. */
  replaces: z.string().nullable().optional(),
  madeFolders: z.array(z.string()),
  /** Where what stood there before was moved to. */
  aside: z.string().nullable(),
});
export type FolderPart = z.infer<typeof folderPart>;

const entryPart = z.object({
  kind: z.literal('entry'),
  mark: fileMark,
  entry: z.record(z.string(), json),
  /** What stood under the name before; null: nothing. */
  entryBefore: z.record(z.string(), json).nullable(),
});
export type EntryPart = z.infer<typeof entryPart>;

const textPart = z.object({
  kind: z.enum(['approvals', 'snippet']),
  mark: fileMark,
  tools: z.array(z.string()),
});
export type TextPart = z.infer<typeof textPart>;

const pluginPart = z.object({
  kind: z.literal('plugin'),
  mark: fileMark,
  /** Files and folders the host has made for its plugins then. */
  made: z.array(z.string()).default([]),
});
export type PluginPart = z.infer<typeof pluginPart>;

const part = z.discriminatedUnion('kind', [folderPart, entryPart, textPart, pluginPart]);
export type Part = z.infer<typeof part>;

const install = z.object({
  host: z.enum(hostNames),
  scope: z.enum(['user', 'project']),
  /** The root of the project, or the entry file of the user: a home can hold several configurations of a host. */
  at: z.string(),
  mode: z.enum(['direct', 'plugin']),
  command: z.enum(['node', 'npx', 'global']),
  approve: z.array(z.string()),
  snippet: z.boolean(),
  /** The mo that has written it. */
  mo: z.string(),
  /** In the order they were done. */
  parts: z.array(part),
});
/** One host in one scope, as it was written. */
export type Install = z.infer<typeof install>;

const record = z.object({
  version: z.literal(1),
  installs: z.array(install),
  madeFolders: z.array(z.string()),
});
/** What mo has put into hosts, so that it can be taken out exactly and changes by others are seen. */
export type InstallRecord = z.infer<typeof record>;

export function recordFile(place: Pick<HostPlace, 'data'>): string {
  return join(place.data, 'install.json');
}

/** Throws `config-broken` for a record that is none: without it nothing could be taken out again. */
export async function readRecord(place: Pick<HostPlace, 'data'>): Promise<InstallRecord> {
  const file = recordFile(place);
  const text = await readText(file);
  if (text === null) return { version: 1, installs: [], madeFolders: [] };
  const parsed = record.safeParse(parseJson(text)?.value);
  if (parsed.success) return parsed.data;
  const what = parsed.error.issues[0]?.message ?? 'it is no JSON';
  throw new MoError({ code: 'config-broken', file, line: null, what });
}

/** An empty record leaves no file and no folder behind. */
export async function writeRecord(place: HostPlace, next: InstallRecord): Promise<void> {
  const file = recordFile(place);
  if (next.installs.length === 0) {
    await rm(file, { force: true });
    await removeEmpty([...next.madeFolders, place.data]);
    return;
  }
  const made = await makeFolders(place.data);
  const madeFolders = new Set([...next.madeFolders, ...made, ...madeOnTheWay(place, next)]);
  const whole = { ...next, madeFolders: [...madeFolders] };
  await writeWhole(file, `${JSON.stringify(whole, null, 2)}\n`, 0o600);
}

/** A copy that was made before the record was may have made the folder of both. */
function madeOnTheWay({ data }: HostPlace, { installs }: InstallRecord): string[] {
  return installs
    .flatMap(({ parts }) => parts.flatMap((one) => ('folder' in one ? one.madeFolders : [])))
    .filter((folder) => `${data}${sep}`.startsWith(`${folder}${sep}`));
}
