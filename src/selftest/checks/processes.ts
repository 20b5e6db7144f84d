import { join } from 'node:path';
import { endTree, findLeader, treeMembers } from '../../platform/process-tree.ts';
import { identify } from '../../platform/process-identity.ts';
import { startDetached } from '../../platform/process.ts';
import { fail, reportIt, type Check, type CheckPlace } from '../check.ts';
import { untilThere } from '../until-there.ts';

export const processes: Check = {
  name: 'processes',
  title: 'process control',
  of: 'environment',
  limitMs: 20_000,
  needs: [],
  run: startAdoptStop,
};

const visible =
  'mo has to see the processes of its own user: run it where /proc (on macOS: ps) shows them, outside of a sandbox that hides them.';

/** A process that ignores polite signals, with a child that left its group: started, found by its marker alone, and stopped as a tree. */
async function startAdoptStop({ folder, env, marker, clock, signal }: CheckPlace): Promise<string> {
  const started = await startDetached(process.execPath, ['-e', parent], {
    cwd: folder,
    env,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
  });
  const id = identify(started.pid);
  await untilThere(join(folder, 'child-is-up'), { clock, signal });
  const found = findLeader(marker);
  if (id === null || found === null || found.startTime !== id.startTime)
    return fail('A process that was started is not found again by its marker.', visible);
  const members = treeMembers({ leader: found, marker });
  if (members.length < 2)
    fail('A child that left the process group of its parent is not seen.', visible);
  const asks = [{ signal: 'SIGTERM', waitMs: 50 }] as const;
  const { gone, survivors } = await endTree({ leader: found, marker }, { clock, asks, signal });
  if (survivors.length > 0 || gone.length < members.length)
    fail(`${survivors.length} of ${members.length} processes could not be ended.`, reportIt);
  return `started, adopted by marker, ${gone.length} ended`;
}

const child = `require('node:fs').writeFileSync('child-is-up', ''); setInterval(() => {}, 1000);`;
const parent = `
process.on('SIGTERM', () => {});
require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { detached: true, stdio: 'ignore' });
setInterval(() => {}, 1000);
`;
