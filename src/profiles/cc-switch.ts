import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import type { FoundProfile, FoundProfiles } from '../core/found-profile.ts';
import { slug } from '../core/names.ts';
import { MoError } from '../core/problem.ts';
import type { Environment } from '../platform/environment.ts';
import { readText } from '../platform/files.ts';
import { readRows } from '../store/read-database.ts';
import { claudeProfile } from './claude-profile.ts';
import { codexProfile } from './codex-profile.ts';
import type { ReadProfile } from './read-profile.ts';

const nothing: FoundProfiles = { profiles: [], left: [], problem: null };

/** One provider of CC-Switch: `kind` is the CLI it is for. */
type Entry = { id: string; kind: string; title: string; config: unknown };

const kinds: Readonly<Record<string, (config: unknown) => Promise<ReadProfile>>> = {
  claude: claudeProfile,
  codex: codexProfile,
};

/**
 * Every provider for Claude Code and Codex that CC-Switch keeps, as a profile. Its store is only read: `cc-switch.db`, or the
 * `config.json` of versions before it. One that cannot be read is a problem in the answer, and nothing else fails for it.
 */
export async function ccSwitchProfiles(env: Environment): Promise<FoundProfiles> {
  const place = env['CCSWITCH_HOME'] ?? '';
  if (homeOf(env) === null) return { ...nothing, problem: noPlace(place) };
  const file = await ccSwitchStore(env);
  if (file === null) return nothing;
  try {
    return await profilesIn(file.endsWith('.db') ? await rowsOf(file) : await entriesOf(file));
  } catch (cause) {
    if (cause instanceof MoError && cause.code === 'addon-missing') throw cause;
    const reason = reasonOf(cause);
    const problem = new MoError({ code: 'profiles-unreadable', file, reason }, { cause });
    return { ...nothing, problem };
  }
}

/** null: `CCSWITCH_HOME` names none. Another store in its place would be another one than was meant. */
function homeOf(env: Environment): string | null {
  const set = env['CCSWITCH_HOME'] ?? '';
  if (set === '') return join(env['HOME'] ?? homedir(), '.cc-switch');
  return isAbsolute(set) ? set : null;
}

function noPlace(place: string): MoError {
  return new MoError({
    code: 'bad-settings',
    file: 'CCSWITCH_HOME',
    what: `${place} is no absolute path, so no profile of CC-Switch is read.`,
    fix: 'Give the path from / on, or unset it: then ~/.cc-switch counts.',
  });
}

/** The file CC-Switch keeps its providers in; null where there is none. */
export async function ccSwitchStore(env: Environment): Promise<string | null> {
  const home = homeOf(env);
  if (home === null) return null;
  for (const name of ['cc-switch.db', 'config.json']) {
    const file = join(home, name);
    if (await isFile(file)) return file;
  }
  return null;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

const row = z
  .object({ id: z.string(), app_type: z.string(), name: z.string(), settings_config: z.string() })
  .transform(({ id, app_type, name, settings_config }): Entry => ({
    id,
    kind: app_type,
    title: name,
    config: parsedOrNull(settings_config),
  }));

function rowsOf(file: string): Promise<Entry[]> {
  return readRows(
    file,
    row,
    `SELECT id, app_type, name, settings_config FROM providers
     WHERE app_type IN ('claude', 'codex') ORDER BY app_type, id`,
  );
}

const group = z.object({
  providers: z.record(z.string(), z.looseObject({ name: z.string(), settingsConfig: z.unknown() })),
});
const oldFile = z.object({ claude: group.optional(), codex: group.optional() });
/** Before there were providers for Codex (CC-Switch until 3.2 moves such a file into the form above): all are for Claude Code. */
const oldestFile = group.transform((claude): z.infer<typeof oldFile> => ({ claude }));

function groupsIn(value: unknown): z.infer<typeof oldFile> {
  const names = new Set(Object.keys(z.record(z.string(), z.unknown()).parse(value)));
  if (names.has('claude') || names.has('codex')) return oldFile.parse(value);
  if (names.has('providers')) return oldestFile.parse(value);
  // One that holds nothing for either has the number of its form.
  if (names.has('version')) return {};
  throw new Error('its form is not known to this version of mo');
}

async function entriesOf(file: string): Promise<Entry[]> {
  const groups = groupsIn(JSON.parse((await readText(file)) ?? ''));
  return Object.entries(groups).flatMap(([kind, one]) =>
    Object.entries(one?.providers ?? {})
      .toSorted(([id], [other]) => (id < other ? -1 : 1))
      .map(([id, { name, settingsConfig }]) => ({
        id,
        kind,
        title: name,
        config: settingsConfig,
      })),
  );
}

async function profilesIn(entries: readonly Entry[]): Promise<FoundProfiles> {
  const profiles: FoundProfile[] = [];
  const left: FoundProfiles['left'][number][] = [];
  for (const entry of entries) {
    const read = await kinds[entry.kind]?.(entry.config);
    if (read === undefined) continue;
    const { kind: provider, title } = entry;
    if ('why' in read) left.push({ provider, title, why: read.why });
    else profiles.push({ provider, name: nameOf(entry, profiles), title, ...read });
  }
  return { profiles, left, problem: null };
}

/** `cc-` and its title in plain letters, or its id where the title has none; a number makes a second one of that name another. */
function nameOf({ id, kind, title }: Entry, taken: readonly FoundProfile[]): string {
  const base = `cc-${slug(title) || slug(id) || 'profile'}`;
  const isTaken = (name: string): boolean =>
    taken.some((one) => one.provider === kind && one.name === name);
  let name = base;
  for (let number = 2; isTaken(name); number += 1) name = `${base}-${number}`;
  return name;
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Never the content: what the message of a parser quotes may be a key. */
function reasonOf(cause: unknown): string {
  if (cause instanceof SyntaxError) return 'it is not JSON';
  if (cause instanceof z.ZodError) {
    const [issue] = cause.issues;
    return `${issue?.path.join('.') ?? 'it'} is not what this version of mo knows`;
  }
  return cause instanceof Error ? cause.message : String(cause);
}
