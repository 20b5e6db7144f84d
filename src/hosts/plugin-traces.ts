import { access, rm } from 'node:fs/promises';
import { parseJson } from '../core/json.ts';
import { readText } from '../platform/files.ts';
import { removeEmpty } from './config-file.ts';

/** What a host lays down when a plugin is put in, beside its settings. */
export type PluginTraces = {
  /** Copies of mo's plugin. */
  copy: string;
  /** Of all plugins, the outermost first. */
  folders: readonly string[];
  files: readonly string[];
};

/** Those that are not there yet, so that they may go again. */
export async function missingTraces({ folders, files }: PluginTraces): Promise<string[]> {
  const missing: string[] = [];
  for (const path of [...folders, ...files]) if (!(await isThere(path))) missing.push(path);
  return missing;
}

/** Hosts leave the copy where it was, and lists without a plugin. What was there before mo came, and what holds more by now, stays. */
export async function removeTraces(
  { copy, folders, files }: PluginTraces,
  made: readonly string[],
): Promise<void> {
  await rm(copy, { recursive: true, force: true });
  for (const file of files) {
    if (made.includes(file) && holdsNothing(await readText(file))) await rm(file, { force: true });
  }
  await removeEmpty(folders.filter((folder) => made.includes(folder)));
}

/** `{}`, or `{"version": 2, "plugins": {}}`. */
function holdsNothing(text: string | null): boolean {
  const value = parseJson(text ?? '')?.value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(
    (one) =>
      typeof one === 'number' ||
      (typeof one === 'object' && one !== null && Object.keys(one).length === 0),
  );
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
