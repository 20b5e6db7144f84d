import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../core/json.ts';
import { MoError } from '../core/problem.ts';
import { readText } from '../platform/files.ts';
import { examineCommand } from './examine-command.ts';
import type { Finding } from './finding.ts';
import { hashOfFolder, readFolder } from './folder-files.ts';
import type { FoundHost } from './found-host.ts';
import { skillName, type Entry, type HostPlace } from './host.ts';
import type { Install } from './install-record.ts';
import { partOf } from './plan-install.ts';
import { isOfMo, showCommand } from './server-command.ts';
import { TextError } from './text-error.ts';

/** `entry`: mo's; `isTaken`: its name is that of another server. */
type ExaminedEntry = { entry: Entry | null; isTaken: boolean; findings: Finding[] };

/** What stands in the user's entry file, and whether it can work. */
export async function examineEntry(
  place: HostPlace,
  { host }: FoundHost,
  install: Install | null,
): Promise<ExaminedEntry> {
  const { entry: file } = host.files(place, install?.scope ?? 'user');
  const again = `mo install --host ${host.name}${install?.scope === 'project' ? ' --scope project' : ''}`;
  const read = await readEntry(file, host.readEntry);
  if ('what' in read) return { entry: null, isTaken: false, findings: [read] };
  const { entry } = read;
  const written = partOf(install?.parts ?? [], 'entry')?.entry ?? null;
  if (entry === null) {
    if (written === null) return { entry, isTaken: false, findings: [] };
    const what = `${file} has no server mo any more.`;
    return { entry, isTaken: false, findings: [{ what, fix: again }] };
  }
  if (written === null && !isOfMo(entry)) {
    const what = `${file}: a server named mo is there that is not this one: ${showCommand(entry)}.`;
    const fix = install === null ? `${again} --force` : 'Rename it there.';
    return { entry: null, isTaken: true, findings: [{ what, fix }] };
  }
  const drifted = written === null ? [] : driftOf(written, entry);
  return {
    entry,
    isTaken: false,
    findings: [
      ...drifted.map((key) => ({
        what: `${file}: ${key} of server mo is not what mo wrote: ${JSON.stringify(entry[key] ?? null)}.`,
        fix: `${again} writes it again`,
      })),
      ...(await examineCommand(place, entry, again)),
    ],
  };
}

/** The copies mo has made for the host. */
export async function examineSkill(place: HostPlace, install: Install): Promise<Finding[]> {
  const skill = partOf(install.parts, 'skill');
  if (skill === null) return [];
  const present = await readFolder(skill.folder);
  if (present === null) {
    return [{ what: `${skill.folder} is gone.`, fix: 'mo update' }];
  }
  const now = hashOfFolder(present);
  if (now !== skill.hash) {
    const fix = 'Keep it as it is, or: mo update --force';
    return [{ what: `${skill.folder} was changed since mo wrote it.`, fix }];
  }
  const shipped = await readFolder(join(place.package, 'skill', skillName));
  const isOld = shipped !== null && hashOfFolder(shipped) !== now;
  return isOld
    ? [{ what: `${skill.folder} is of another mo (${install.mo}).`, fix: 'mo update' }]
    : [];
}

async function readEntry(
  file: string,
  read: (text: string) => Entry | null,
): Promise<{ entry: Entry | null } | Finding> {
  try {
    const text = await readText(file);
    return { entry: text === null ? null : read(text) };
  } catch (error) {
    if (error instanceof TextError) {
      const what = `${file}:${error.line} cannot be used: ${error.message}.`;
      return { what, fix: 'Mend that line; the host cannot read it either.' };
    }
    if (error instanceof MoError) return { what: error.message, fix: 'Make it readable.' };
    throw error;
  }
}

/** Keys of mo's that differ; a list may have grown. */
function driftOf(written: Entry, present: Entry): string[] {
  return ['command', 'args', 'env_vars'].filter((key) => {
    const wanted = written[key];
    if (wanted === undefined) return false;
    const now: Json | undefined = present[key];
    if (key !== 'env_vars' || !Array.isArray(wanted)) return !isDeepStrictEqual(now, wanted);
    return !Array.isArray(now) || wanted.some((name) => !now.includes(name));
  });
}
