import type { ProcessId } from '../core/worker.ts';
import type { Clock } from './clock.ts';
import { listProcesses, readEnvironmentOf, type ProcessEntry } from './process-entry.ts';
import { identityOf, isAlive } from './process-identity.ts';

/** The environment variable that tells which attempts a process belongs to: markers, separated by spaces, outermost first. */
export const markerVariable = 'MO_ATTEMPT';

/** All that was started on one behalf: a process group, and whoever carries the marker, whatever group it went to. */
export type ProcessTree = { leader: ProcessId | null; marker: string | null };

export type TreeEnd = {
  /** Every process that was seen and is proven gone, leader included. */
  gone: readonly ProcessId[];
  /** What even SIGKILL did not end in time: processes stuck in the kernel. */
  survivors: readonly ProcessId[];
};

export type EndOptions = {
  clock: Clock;
  /** Signals to ask with before SIGKILL, and how long each is given. */
  asks: readonly { signal: NodeJS.Signals; waitMs: number }[];
  /** Aborted: no more asking, kill. */
  hurry?: AbortSignal;
  /** Aborted: leave everything as it is and return. */
  signal?: AbortSignal;
};

const killTimeoutMs = 10_000;
const lookEveryMs = 25;

/**
 * Ends a tree: asks as long as it is told to, then stops and kills, until two looks in a row find nobody: what is born while one look
 * goes through all processes can be missed by it.
 */
export async function endTree(tree: ProcessTree, options: EndOptions): Promise<TreeEnd> {
  const { clock, asks, signal } = options;
  const seen = new Map<string, ProcessId>();
  if (tree.leader !== null) seen.set(keyOf(tree.leader), tree.leader);
  let emptyLooks = 0;
  for (const ask of asks) {
    const members = look(tree, seen);
    if (members.length === 0) emptyLooks = 1;
    if (members.length === 0 || isCutShort(options)) break;
    send(tree, members, ask.signal);
    await waitUntilGone(tree, seen, { ...options, waitMs: ask.waitMs });
  }
  const deadline = clock.monotonic() + killTimeoutMs;
  const isLate = (): boolean => clock.monotonic() > deadline;
  while (emptyLooks < 2) {
    if (signal?.aborted === true || isLate()) break;
    const members = freeze(tree, seen, isLate);
    emptyLooks = members.length === 0 ? emptyLooks + 1 : 0;
    if (emptyLooks === 2) break;
    send(tree, members, 'SIGKILL');
    await clock.sleep(lookEveryMs, signal);
  }
  const all = [...seen.values()];
  return {
    gone: all.filter((id) => !isAlive(id)),
    survivors: all.filter((id) => isAlive(id)),
  };
}

/** The living members of a tree, found by group, by marker and by descent from either. */
export function treeMembers(tree: ProcessTree): ProcessId[] {
  const seen = tree.leader === null ? [] : [tree.leader];
  return look(tree, new Map(seen.map((id) => [keyOf(id), id]))).map(identityOf);
}

/** The process that leads its own group and carries the marker as its innermost one; null when there is none. */
export function findLeader(marker: string): ProcessId | null {
  for (const entry of listProcesses()) {
    if (entry.isZombie || entry.group !== entry.pid) continue;
    if (markersOf(entry.pid).at(-1) === marker) return identityOf(entry);
  }
  return null;
}

/**
 * The members, all of them stopped, to be killed at once: a child that a process bears between the look and its own death would have
 * nobody left to be known by, had it taken its marker off and left the group.
 */
function freeze(
  tree: ProcessTree,
  seen: Map<string, ProcessId>,
  isLate: () => boolean,
): ProcessEntry[] {
  let members = look(tree, seen);
  let known = 0;
  while (members.length > 0 && seen.size > known && !isLate()) {
    known = seen.size;
    send(tree, members, 'SIGSTOP');
    members = look(tree, seen);
  }
  return members;
}

/** Keeps in `seen` whom it has found, so that children of a process that is gone by now are still known. */
function look(tree: ProcessTree, seen: Map<string, ProcessId>): ProcessEntry[] {
  const entries = listProcesses().filter((one) => !one.isZombie && one.pid !== process.pid);
  const members = new Set(
    entries.filter((one) => isKnown(one, seen) || isMarked(one, tree.marker)).map((one) => one.pid),
  );
  const group = groupOf(tree, entries, members);
  for (const one of entries) if (one.group === group) members.add(one.pid);
  addDescendants(entries, members);
  const found = entries.filter((one) => members.has(one.pid));
  for (const id of found.map(identityOf)) seen.set(keyOf(id), id);
  return found;
}

function isKnown(entry: ProcessEntry, seen: ReadonlyMap<string, ProcessId>): boolean {
  return seen.has(keyOf(identityOf(entry)));
}

function isMarked(entry: ProcessEntry, marker: string | null): boolean {
  return marker !== null && markersOf(entry.pid).includes(marker);
}

/** The number of the tree's group while it is certain that the number still means it: somebody we know is in it. */
function groupOf(
  { leader }: ProcessTree,
  entries: readonly ProcessEntry[],
  members: ReadonlySet<number>,
): number | null {
  if (leader === null) return null;
  return entries.some((one) => one.group === leader.pid && members.has(one.pid))
    ? leader.pid
    : null;
}

function addDescendants(entries: readonly ProcessEntry[], members: Set<number>): void {
  const children = new Map<number, number[]>();
  for (const { pid, parent } of entries) {
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [pid]);
    else siblings.push(pid);
  }
  // A set hands out what is added while it is walked.
  for (const pid of members) for (const child of children.get(pid) ?? []) members.add(child);
}

function markersOf(pid: number): string[] {
  const environment = readEnvironmentOf(pid);
  const prefix = `${markerVariable}=`;
  if (environment === null || !environment.includes(prefix)) return [];
  const line = environment
    .toString('utf8')
    .split('\0')
    .find((one) => one.startsWith(prefix));
  return line === undefined ? [] : line.slice(prefix.length).split(' ');
}

/** The group at once, as a terminal would, as long as its leader lives; everybody else one by one. */
function send(
  { leader }: ProcessTree,
  members: readonly ProcessEntry[],
  signal: NodeJS.Signals,
): void {
  const group = leader !== null && isAlive(leader) ? leader.pid : null;
  if (group !== null) kill(-group, signal);
  for (const one of members) {
    if (one.group !== group && isAlive(identityOf(one))) kill(one.pid, signal);
  }
}

function kill(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (cause) {
    // ESRCH: it ended in between. EPERM: it became another user's (setuid); it is counted among the survivors.
    const code = cause instanceof Error && 'code' in cause ? cause.code : null;
    if (code !== 'ESRCH' && code !== 'EPERM') throw cause;
  }
}

/** Watches those it knows, which is cheap, and looks through all processes only when they are gone. */
async function waitUntilGone(
  tree: ProcessTree,
  seen: Map<string, ProcessId>,
  options: EndOptions & { waitMs: number },
): Promise<void> {
  const { clock, waitMs, hurry } = options;
  const deadline = clock.monotonic() + waitMs;
  for (let left = waitMs; left > 0 && !isCutShort(options); left = deadline - clock.monotonic()) {
    if (![...seen.values()].some(isAlive) && look(tree, seen).length === 0) return;
    await clock.sleep(Math.min(lookEveryMs, left), hurry);
  }
}

function isCutShort({ hurry, signal }: EndOptions): boolean {
  return hurry?.aborted === true || signal?.aborted === true;
}

function keyOf(id: ProcessId): string {
  return `${id.bootId} ${id.pid} ${id.startTime}`;
}
