import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessId } from '../../../src/core/worker.ts';
import { isAlive } from '../../../src/platform/process-identity.ts';
import type { Store } from '../../../src/store/store.ts';

/** Of one node no more than this are killed, so that its retries last. */
const mostOfOne = 2;

/** Kills workers of a run until told to end: which, how, and how long after their start follows from the seed. How many it has killed. */
export async function killWorkers(
  { store, runId }: { store: Store; runId: string },
  { seed, signal }: { seed: string; signal: AbortSignal },
): Promise<number> {
  const doomed: { leader: ProcessId; how: number; looks: number }[] = [];
  let seq = 0;
  let killed = 0;
  while (!signal.aborted) {
    for (const recorded of store.readEvents(runId, seq, 1_000)) {
      seq = recorded.seq;
      const { event } = recorded;
      if (event.type !== 'attempt.spawned' || event.attempt > mostOfOne) continue;
      const lot = createHash('sha256').update(`${seed} ${event.node} ${event.attempt}`).digest();
      if (lot.readUInt8(0) % 3 === 0) {
        const [how, looks] = [lot.readUInt8(1) % 3, lot.readUInt8(2) % 4];
        doomed.push({ leader: event.process, how, looks });
      }
    }
    for (const one of doomed.filter(({ looks }) => looks === 0)) {
      if (kill(one.leader, one.how)) killed += 1;
    }
    for (const one of doomed) one.looks -= 1;
    await store.waitForPulse(runId, { signal, timeoutMs: 50 });
  }
  return killed;
}

/** The whole group, the shell that leads it, or the worker below that shell. False when it was gone already. */
function kill(leader: ProcessId, how: number): boolean {
  if (!isAlive(leader)) return false;
  const { pid } = leader;
  const target = how === 0 ? -pid : how === 1 ? pid : (childOf(pid) ?? pid);
  try {
    return process.kill(target, 'SIGKILL');
  } catch {
    return false;
  }
}

function childOf(parent: number): number | null {
  for (const entry of readdirSync('/proc')) {
    try {
      if (/^[0-9]+$/.test(entry) && parentOf(entry) === parent) return Number(entry);
    } catch {
      // Gone meanwhile.
    }
  }
  return null;
}

function parentOf(pid: string): number {
  return Number(/^PPid:\s*([0-9]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
