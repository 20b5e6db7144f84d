import { openSync } from 'node:fs';
import { join } from 'node:path';
import { MoError } from '../core/problem.ts';
import type { Clock } from '../platform/clock.ts';
import type { Environment } from '../platform/environment.ts';
import { readText } from '../platform/files.ts';
import { packageRoot } from '../platform/package-root.ts';
import { isAlive } from '../platform/process-identity.ts';
import { startDetached } from '../platform/process.ts';
import { takeBack } from '../store/kept-file.ts';
import type { Store } from '../store/store.ts';

/** How long a new owner may take until it has the lease. */
const ownerStartMs = 15_000;

/**
 * Makes sure that somebody executes the run. An owner that is about to end looks for signals once more after it has given up the lease,
 * so whoever has sent one before asking here is heard either way.
 */
export async function ensureOwner(
  store: Store,
  asked: { runId: string; env: Environment; clock: Clock },
): Promise<void> {
  const { runId, env, clock } = asked;
  const before = store.leaseOf(runId);
  if (isHeld(before, clock)) return;
  await takeBack(store.paths, runId, clock.now());
  const log = openSync(store.paths.ownerLog(runId), 'a', 0o600);
  const owner = await startDetached(
    process.execPath,
    [join(packageRoot(), 'dist', 'mo.mjs'), 'owner', runId],
    {
      cwd: store.spec(runId).project,
      env,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: log,
    },
  );
  const deadline = clock.monotonic() + ownerStartMs;
  const ended = new AbortController();
  const exit = owner.exited.then((result) => {
    ended.abort();
    return result;
  });
  while (store.leaseOf(runId).epoch === before.epoch) {
    if (ended.signal.aborted) throw await ownerFailed(store, runId, (await exit).exitCode);
    if (clock.monotonic() > deadline) throw await ownerFailed(store, runId, null);
    await store.waitForPulse(runId, { signal: ended.signal, timeoutMs: 100 });
  }
}

/** For whoever may start nobody: throws `owner-missing` when nobody executes the run. */
export function expectOwner(store: Store, { runId, clock }: { runId: string; clock: Clock }): void {
  if (!isHeld(store.leaseOf(runId), clock)) throw new MoError({ code: 'owner-missing', runId });
}

function isHeld({ holder, expiresAt }: ReturnType<Store['leaseOf']>, clock: Clock): boolean {
  return holder !== null && isAlive(holder) && clock.now() < expiresAt;
}

async function ownerFailed(store: Store, runId: string, exitCode: number | null): Promise<MoError> {
  const log = (await readText(store.paths.ownerLog(runId))) ?? '';
  const said = log.trim().split('\n').at(-1) ?? '';
  const how = exitCode === null ? 'it did not take the run in time' : `exit code ${exitCode}`;
  const reason = said === '' ? how : `${how}; it said: ${said}`;
  return new MoError({ code: 'owner-failed', runId, reason });
}
