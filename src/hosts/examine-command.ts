import { access } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../core/json.ts';
import { findBinary } from '../platform/find-binary.ts';
import { readText } from '../platform/files.ts';
import type { Finding } from './finding.ts';
import type { Entry, HostPlace } from './host.ts';
import { isPassing } from './package-step.ts';

const started = z.object({ command: z.string(), args: z.array(z.string()).default([]) });
const manifest = z.object({ version: z.string() });

/** Whether the command of an entry can be started, and starts this mo. */
export async function examineCommand(
  place: HostPlace,
  entry: Entry,
  again: string,
): Promise<Finding[]> {
  const parsed = started.safeParse(entry);
  if (!parsed.success) return [{ what: 'The entry of server mo names no command.', fix: again }];
  const { command, args } = parsed.data;
  if (findBinary(command, place.env) === null) {
    const gone = isAbsolute(command)
      ? `${command} does not exist any more`
      : `${command} is not on the PATH`;
    const why = isAbsolute(command) ? ' (a Node that was updated or removed?)' : '';
    return [{ what: `${gone}${why}, so the host cannot start mo.`, fix: again }];
  }
  const script = args.find((arg) => arg.endsWith('mo.mjs'));
  if (script === undefined) return [];
  if (!(await isThere(script))) {
    return [
      { what: `${script} does not exist any more, so the host cannot start mo.`, fix: again },
    ];
  }
  const version = await versionAt(dirname(dirname(script)));
  return [
    ...(isPassing(script)
      ? [{ what: `${script} lies in the cache of npx, which npm may empty.`, fix: again }]
      : []),
    ...(version !== null && version !== place.version
      ? [{ what: `The host starts mo ${version}; this is ${place.version}.`, fix: 'mo update' }]
      : []),
  ];
}

async function versionAt(folder: string): Promise<string | null> {
  const text = await readText(join(folder, 'package.json'));
  const parsed = manifest.safeParse(text === null ? null : parseJson(text)?.value);
  return parsed.success ? parsed.data.version : null;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
