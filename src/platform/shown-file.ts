import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../core/json.ts';
import { shown, type Shown } from '../core/shown.ts';
import { dataFolder } from './data-folder.ts';
import type { Environment } from './environment.ts';
import { readText, writeWhole } from './files.ts';

/** What installed worker CLIs have shown when they were tried, oldest first. One that cannot be read has shown nothing. */
export async function readShown(env: Environment): Promise<readonly Shown[]> {
  const text = await readText(shownFile(env));
  return shownStore.safeParse(parseJson(text ?? '')?.value).data?.clis ?? [];
}

/** In the place of what the same program has shown before; of a trial that was not made again the old answer stays. */
export async function keepShown(records: readonly Shown[], env: Environment): Promise<void> {
  const before = await readShown(env);
  const others = before.filter((old) => !records.some((one) => isSame(one, old)));
  const merged = records.map((one) => ({
    ...one,
    trials: { ...recordOfProgram(one, before)?.trials, ...one.trials },
  }));
  const text = JSON.stringify({ version: 1, clis: [...others, ...merged] }, null, 2);
  await writeWhole(shownFile(env), `${text}\n`, 0o600);
}

/** Newest of the records that are of exactly this program; null when it was never tried as it is now. */
export function recordOf(file: string, records: readonly Shown[]): Shown | null {
  const now = programAt(file);
  return now === null ? null : recordOfProgram(now, records);
}

function recordOfProgram(program: Program, records: readonly Shown[]): Shown | null {
  return records.findLast((one) => isSame(one, program)) ?? null;
}

export type Program = Pick<Shown, 'file' | 'size' | 'modifiedAt'>;

/** null: it is not there. */
export function programAt(file: string): Program | null {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return null;
  return { file: realpathSync(file), size: found.size, modifiedAt: Math.floor(found.mtimeMs) };
}

export function shownFile(env: Environment): string {
  return join(dataFolder(env), 'shown.json');
}

const shownStore = z.object({ version: z.literal(1), clis: z.array(shown) });

function isSame(one: Program, other: Program): boolean {
  return one.file === other.file && one.size === other.size && one.modifiedAt === other.modifiedAt;
}
