import { renameSync, writeFileSync } from 'node:fs';
import { startAttempt } from '../../src/supervisor/start-attempt.ts';
import { plainProvider } from './plain-provider.ts';
import { createWatcher, type OwnerTask } from './rig.ts';

/** An owner that can be killed: starts the attempt it is given, keeps its checkpoints in a file, and says who the worker is. */
async function own({ spec, checkpointFile }: OwnerTask): Promise<void> {
  const attempt = await startAttempt(
    { ...spec, provider: plainProvider() },
    {
      ...createWatcher().deps,
      onCheckpoint: (checkpoint) => {
        writeFileSync(`${checkpointFile}.part`, JSON.stringify(checkpoint));
        renameSync(`${checkpointFile}.part`, checkpointFile);
      },
    },
  );
  process.send?.(attempt.process);
  await attempt.settled;
}

process.once('message', (task: OwnerTask) => void own(task));
