// The owner of a run as `mo owner <run>` is one, but it can be made to die by SIGKILL between two events. A program of its own, because a
// process that is killed takes its tests with it. See `lives.ts` for what it is told by its environment.
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import type { Engine } from '../../../src/engine/engine.ts';
import { ownRun } from '../../../src/engine/owner.ts';
import { loadPromptPack } from '../../../src/workflow/prompts.ts';
import { eventsOf } from '../../../src/engine/read-run.ts';
import { openRepository } from '../../../src/git/repository.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { findBinary } from '../../../src/platform/find-binary.ts';
import { newUuid } from '../../../src/platform/ids.ts';
import { identify } from '../../../src/platform/process-identity.ts';
import { providers } from '../../../src/providers/providers.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { nameEvents } from './boundary.ts';

const { CRASH_WHEN: when, CRASH_AT: hour, CRASH_WITH: company, CRASH_LOG: log } = process.env;
const runId = process.argv[2] ?? '';
const project = process.cwd();
const owner = identify(process.pid);
if (owner === null) throw new Error('this process does not find itself');
const store = await openStore(project, { clock: systemClock });
const engine: Engine = {
  store: mortal(store),
  paths: store.paths,
  repository: await openRepository(project, { env: process.env }),
  project,
  providers,
  findBinary: (name) => findBinary(name, process.env),
  foundProfiles: async () => ({ profiles: [], left: [], problem: null }),
  pack: await loadPromptPack(),
  clock: systemClock,
  env: process.env,
  newUuid,
  log: (line) => void process.stderr.write(`${line}\n`),
};
await ownRun(engine, runId, owner, new AbortController().signal);
store.close();

function mortal(real: Store): Store {
  const name = nameEvents();
  for (const { event } of eventsOf(real, runId)) name(event);
  return {
    ...real,
    append: (append) => {
      const names = append.events.map(name);
      if (log !== undefined && names[0] !== undefined) appendFileSync(log, `${names[0]}\n`);
      const isHour = hour !== undefined && names.includes(hour);
      if (isHour && when === 'before') die();
      const seqs = real.append(append);
      if (isHour) die();
      return seqs;
    },
  };
}

/** Nothing of this process is executed after it, not even what other threads of it were doing. */
function die(): never {
  if (company === 'workers') while (killMarked() > 0);
  // With its group go the short commands it is waiting for.
  process.kill(company === 'workers' ? -process.pid : process.pid, 'SIGKILL');
  throw new Error('still alive');
}

/** Kills all that was started for this run; how many were found. */
function killMarked(): number {
  let found = 0;
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const markers = /(?:^|\0)MO_ATTEMPT=([^\0]*)/.exec(
        readFileSync(`/proc/${pid}/environ`, 'utf8'),
      );
      if (markers?.[1]?.includes(`${runId}/`) !== true) continue;
      process.kill(pid, 'SIGKILL');
      found += 1;
    } catch {
      // Gone meanwhile, or somebody else's.
    }
  }
  return found;
}
