import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import type { Environment } from '../platform/environment.ts';
import { endTree } from '../platform/process-tree.ts';
import { folderKey } from '../supervisor/marker.ts';
import { removeTemporaryFolder } from '../supervisor/temporary-folder.ts';
import type { GateContext } from './gate-context.ts';

/** A temp folder for one gate. Whoever makes it removes it; by its name it is found should its maker die. */
export async function makeGateFolder({
  env,
  runMarker,
}: Pick<GateContext, 'env' | 'runMarker'>): Promise<string> {
  return mkdtemp(join(temporaryRoot(env), prefixOf(runMarker)));
}

/**
 * Ends the processes and removes the temp folders of gates whose owner died before they had judged. Only for when no gate of the run is
 * under way: it takes those as well.
 */
export async function removeLeftBehind({
  clock,
  env,
  runMarker,
}: {
  clock: Clock;
  env: Environment;
  runMarker: string;
}): Promise<void> {
  await endTree({ leader: null, marker: runMarker }, { clock, asks: [] });
  const root = temporaryRoot(env);
  for (const name of await readdir(root))
    if (name.startsWith(prefixOf(runMarker))) await removeTemporaryFolder(join(root, name));
}

function temporaryRoot(env: Environment): string {
  return env['TMPDIR'] || tmpdir();
}

function prefixOf(runMarker: string): string {
  return `mo-gate-${folderKey(runMarker)}-`;
}
