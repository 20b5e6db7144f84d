import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** One row of the process table. A zombie has ended and only waits for its parent to ask. */
export type ProcessEntry = {
  pid: number;
  parent: number;
  group: number;
  startTime: string;
  isZombie: boolean;
};

export function readProcess(pid: number): ProcessEntry | null {
  if (process.platform !== 'linux') return readTable(['-p', String(pid)])[0] ?? null;
  const stat = readProcFile(`/proc/${pid}/stat`);
  return stat === null ? null : parseStat(pid, stat.toString('latin1'));
}

/** Every process this user can see; zombies may be left out. */
export function listProcesses(): ProcessEntry[] {
  if (process.platform !== 'linux') return readTable(['-A']);
  const now = performance.now();
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const pid = Number(name);
    if (now < (zombieUntil.get(pid) ?? 0)) return [];
    zombieUntil.delete(pid);
    const entry = readProcess(pid);
    if (entry?.isZombie === true) zombieUntil.set(pid, now + zombieMs);
    return entry === null ? [] : [entry];
  });
}

/**
 * In a container whose first process never asks for its children, zombies pile up by the thousand and reading them is most of a look.
 * One that was seen is believed to be one for so short a time that the kernel cannot have gone round all numbers and given its pid away.
 */
const zombieMs = 3_000;
const zombieUntil = new Map<number, number>();

/** The environment a process was started with; null when it is gone, belongs to someone else or the system has no such thing. */
export function readEnvironmentOf(pid: number): Buffer | null {
  return process.platform === 'linux' ? readProcFile(`/proc/${pid}/environ`) : null;
}

/** Any failure means "not to be known": the process may end, or turn out to be another user's, between two calls. */
function readProcFile(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}

/** The name in parentheses may hold spaces and parentheses itself, so fields are counted from behind it. */
function parseStat(pid: number, stat: string): ProcessEntry | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group] = fields;
  const startTime = fields[19];
  if (state === undefined || startTime === undefined) return null;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    startTime,
    isZombie: state === 'Z' || state === 'X',
  };
}

function readTable(selection: readonly string[]): ProcessEntry[] {
  const listed = spawnSync('ps', [...selection, '-o', 'pid=,ppid=,pgid=,stat=,lstart='], {
    encoding: 'utf8',
    // The start time is compared as text: it must not change with the caller's language or time zone.
    env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
  });
  return (listed.stdout ?? '').split('\n').flatMap((line) => {
    const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
    if (found === null) return [];
    const [, pid, parent, group, state = '', startTime = ''] = found;
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        group: Number(group),
        startTime,
        isZombie: state.startsWith('Z'),
      },
    ];
  });
}
