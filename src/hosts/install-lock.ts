import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../core/json.ts';
import { MoError } from '../core/problem.ts';
import type { Clock } from '../platform/clock.ts';
import { readText, writeWhole } from '../platform/files.ts';
import { newId } from '../platform/ids.ts';
import { identify, isAlive } from '../platform/process-identity.ts';

export type LockWish = {
  /** Of the person: beside the files of the hosts, and there before mo was. */
  home: string;
  /** What is told to whoever comes meanwhile: `mo install`. */
  command: string;
  clock: Clock;
  signal: AbortSignal;
};

const claim = z.object({
  process: z.object({ bootId: z.string(), pid: z.number(), startTime: z.string() }),
  command: z.string(),
  /** ms since 1970. */
  since: z.number(),
});
type Claim = z.infer<typeof claim> & { name: string };

/** Of two that came at the same moment the first by name waits so long for the other to give up. */
const waitMs = 2_000;
const lookEveryMs = 20;

/**
 * Nobody else changes files of hosts, or the record of what was written to them, while `work` goes on. Everybody lays down a claim under
 * a name of its own and then looks for others: so a claim of the dead can be removed by whoever finds it. Throws `install-busy`.
 */
export async function whileLocked<T>(wish: LockWish, work: () => Promise<T>): Promise<T> {
  const self = identify(process.pid);
  if (self === null) throw new Error('the system does not tell who this process is');
  const name = `${start}${newId()}${end}`;
  const file = join(wish.home, name);
  const own = { process: self, command: wish.command, since: wish.clock.now() };
  await writeWhole(file, `${JSON.stringify(own)}\n`, 0o600);
  try {
    await untilAlone(wish, name);
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

const start = '.mo-install-';
const end = '.lock';

async function untilAlone({ home, clock, signal }: LockWish, own: string): Promise<void> {
  const deadline = clock.monotonic() + waitMs;
  for (;;) {
    const others = (await liveClaims(home)).filter(({ name }) => name !== own);
    const [first] = others;
    if (first === undefined) return;
    const isFirst = others.every(({ name }) => own < name);
    if (!isFirst || signal.aborted || clock.monotonic() > deadline)
      throw new MoError({
        code: 'install-busy',
        command: first.command,
        pid: first.process.pid,
        since: new Date(first.since).toISOString(),
      });
    await clock.sleep(lookEveryMs, signal);
  }
}

async function liveClaims(home: string): Promise<Claim[]> {
  const live: Claim[] = [];
  for (const name of await readdir(home)) {
    if (!name.startsWith(start) || !name.endsWith(end)) continue;
    const text = await readText(join(home, name));
    const found = claim.safeParse(parseJson(text ?? '')?.value);
    if (found.success && isAlive(found.data.process)) live.push({ ...found.data, name });
    else await rm(join(home, name), { force: true });
  }
  return live;
}
