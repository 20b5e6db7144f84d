import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunEvent } from '../../src/core/event.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { openStore } from '../../src/store/store.ts';
import { processesIn } from './processes.ts';
import { done, makeRig, plan, planned, review } from './rig.ts';

/** What a run has come to, in a form in which two runs of the same goal can be compared. */
export type Remains = {
  state: string;
  /** Of `main`, as `git ls-tree` shows it. */
  tree: string;
  /** How often each node's worker really ran, was verified and landed. */
  executions: Record<string, number>;
  verified: Record<string, number>;
  landed: Record<string, number>;
  ends: number;
  processes: number;
  kills: number;
};

const isRight = 'grep -q right two.txt';
const writers = ['one', 'two', 'three'];

/**
 * A planner, three writers of which one is sent back once, a reviewer, the run's gate and a merge; the owner is killed as often, each
 * time after as many more recorded events as `next` says.
 */
export async function killedRun(kills: number, next: () => number): Promise<Remains> {
  const rig = await makeRig();
  const store = await openStore(rig.repo, { clock: systemClock });
  try {
    await rig.script({
      plan: plan(
        planned('one', ['one.txt']),
        planned('two', ['two.txt'], { gates: [{ command: isRight }] }),
        planned('three', ['three.txt'], { needs: ['one', 'two'] }),
      ),
      one: counted({ do: 'append', path: 'one.txt', text: '1\n' }),
      two: counted({
        do: 'shell',
        command: 'if test -e two.txt; then echo right >> two.txt; else echo wrong > two.txt; fi',
      }),
      three: counted({ do: 'shell', command: 'cat one.txt two.txt > three.txt' }),
      review: review(),
    });
    const flags = ['--provider', 'scripted', '--yes', '--gate', isRight, '--detach', '--json'];
    const said = await rig.mo(['do', 'survive everything', ...flags]);
    const runId = /r-1-[a-z-]+/.exec(said.stdout)?.[0] ?? '';
    let killed = 0;
    for (let seq = 0; killed < kills && !isOver(store.view(runId).state);) {
      const { holder } = store.leaseOf(runId);
      if (holder !== null && store.lastSeq(runId) >= seq && kill(holder.pid)) {
        killed += 1;
        seq = store.lastSeq(runId) + next();
        await rig.mo(['poll', runId, '--wait-s', '0', '--json']);
      } else await store.waitForPulse(runId, { signal: never, timeoutMs: 200 });
    }
    const end = await rig.pollUntil(runId, ({ state }) => isOver(state));
    for (let left = 200; left > 0 && (await processesIn(rig.folder, runId)).length > 0; left -= 1)
      await systemClock.sleep(25);
    const events = store.readEvents(runId, 0, 100_000).map((one) => one.event);
    const all = await readFile(join(rig.folder, 'executions'), 'utf8').catch(() => '');
    const lines = all.split('\n');
    return {
      state: end.state,
      tree: await rig.git('ls-tree', '-r', 'main'),
      executions: byWriter((name) => lines.filter((line) => line === name).length),
      verified: byWriter((name) => count(events, 'node.verified', name)),
      landed: byWriter((name) => count(events, 'node.landed', name)),
      ends: events.filter((event) => ['run.landed', 'run.finished'].includes(event.type)).length,
      processes: (await processesIn(rig.folder, runId)).length,
      kills: killed,
    };
  } finally {
    store.close();
    await rig.end();
  }
}

const never = new AbortController().signal;

/** Every execution leaves a line outside of all worktrees. */
function counted(step: Record<string, unknown>) {
  return [{ do: 'shell', command: 'echo "$MO_NODE" >> "$HOME/executions"' }, step, done];
}

function isOver(state: string): boolean {
  return ['succeeded', 'failed', 'stopped', 'exhausted'].includes(state);
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    // It had ended by itself.
    return false;
  }
}

function count(events: readonly RunEvent[], type: RunEvent['type'], node: string): number {
  return events.filter((one) => one.type === type && 'node' in one && one.node === node).length;
}

function byWriter(of: (name: string) => number): Record<string, number> {
  return Object.fromEntries(writers.map((name) => [name, of(name)]));
}
