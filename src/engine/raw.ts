import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from '../core/run.ts';
import type { Engine } from './engine.ts';

/** A settled attempt is told by its events; the worker's own output, with whatever secrets it holds, goes, unless `keep_raw` says otherwise. */
export async function dropRaw(
  engine: Engine,
  run: Run,
  node: string,
  attempt: number,
): Promise<void> {
  if (run.spec.settings.keep_raw === true) return;
  await rm(join(engine.paths.attemptFolder(run.spec.runId, node, attempt), 'raw.ndjson'), {
    force: true,
  });
}
