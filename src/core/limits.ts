/** How long a worker may take and how much it may say. Milliseconds and bytes. */
export type Limits = {
  /** Until the first output. */
  startupMs: number;
  /** Of silence, while no tool runs: tests and builds are allowed to be quiet. */
  idleMs: number;
  totalMs: number;
  /** Of stdout and stderr together; null: no limit. */
  maxOutputBytes: number | null;
  /** The same, before somebody is told. */
  softOutputBytes: number | null;
  /** How long a worker is given to go after it was interrupted, and after it was terminated. */
  graceMs: { interrupt: number; terminate: number };
};

/** The signs of life of a worker. Times are milliseconds of one clock that never goes backwards. */
export type Pulse = {
  startedAt: number;
  /** null: it has not said anything yet. */
  lastOutputAt: number | null;
  isToolRunning: boolean;
  outputBytes: number;
};

export type BrokenLimit = 'startup' | 'idle' | 'total' | 'output';

/** The limit a worker has run into, or null. */
export function brokenLimit(pulse: Pulse, limits: Limits, now: number): BrokenLimit | null {
  if (limits.maxOutputBytes !== null && pulse.outputBytes > limits.maxOutputBytes) return 'output';
  if (now >= pulse.startedAt + limits.totalMs) return 'total';
  if (now < silentUntil(pulse, limits)) return null;
  return pulse.lastOutputAt === null ? 'startup' : 'idle';
}

/** Whether a person should be told that nothing moves: halfway to the idle limit, or a tool that is silent for all of it. */
export function isStalled(pulse: Pulse, limits: Limits, now: number): boolean {
  return now >= stalledFrom(pulse, limits);
}

/** Whether a person should be told that it writes a lot. */
export function isVerbose({ outputBytes }: Pulse, { softOutputBytes }: Limits): boolean {
  return softOutputBytes !== null && outputBytes > softOutputBytes;
}

/** When silence alone will next change an answer of the two functions above; `Infinity`: never. */
export function nextDue(pulse: Pulse, limits: Limits, now: number): number {
  const times = [
    pulse.startedAt + limits.totalMs,
    silentUntil(pulse, limits),
    stalledFrom(pulse, limits),
  ];
  return Math.min(...times.filter((time) => time > now));
}

function silentUntil(pulse: Pulse, limits: Limits): number {
  if (pulse.lastOutputAt === null) return pulse.startedAt + limits.startupMs;
  return pulse.isToolRunning ? Number.POSITIVE_INFINITY : pulse.lastOutputAt + limits.idleMs;
}

function stalledFrom(pulse: Pulse, limits: Limits): number {
  if (pulse.lastOutputAt === null) return pulse.startedAt + limits.startupMs / 2;
  return pulse.lastOutputAt + (pulse.isToolRunning ? limits.idleMs : limits.idleMs / 2);
}
