import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { ProcessId } from '../core/worker.ts';
import { readProcess, type ProcessEntry } from './process-entry.ts';

/** Who has this pid now, in a form that no later process can be mistaken for. null: nobody. A zombie still has its pid. */
export function identify(pid: number): ProcessId | null {
  const entry = readProcess(pid);
  return entry === null ? null : identityOf(entry);
}

export function identityOf({ pid, startTime }: ProcessEntry): ProcessId {
  return { bootId: bootId(), pid, startTime };
}

/** Whether exactly this process still runs. A zombie does not, nor does a later process with its pid. */
export function isAlive(id: ProcessId): boolean {
  if (id.bootId !== bootId()) return false;
  const entry = readProcess(id.pid);
  return entry !== null && entry.startTime === id.startTime && !entry.isZombie;
}

/** How long ago a process started, by a clock that nobody can set; null where the system has none. */
export function ageMs(id: ProcessId): number | null {
  if (process.platform !== 'linux' || id.bootId !== bootId()) return null;
  const uptime = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
  // Start times are in ticks of 10 ms: USER_HZ is 100 wherever Node runs.
  const age = uptime * 1000 - Number(id.startTime) * 10;
  return Number.isFinite(age) ? Math.max(0, age) : null;
}

let knownBootId: string | null = null;

function bootId(): string {
  knownBootId ??= readBootId();
  return knownBootId;
}

function readBootId(): string {
  if (process.platform === 'linux') {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  }
  const asked = spawnSync('/usr/sbin/sysctl', ['-n', 'kern.boottime'], { encoding: 'utf8' });
  return (asked.stdout ?? '').trim();
}
