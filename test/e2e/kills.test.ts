import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { killedRun } from './killing.ts';
import { processesIn } from './processes.ts';
import { done, makeRig, plan, planned, review } from './rig.ts';

test('an owner that is killed again and again ends where one that is left alone ends, and nothing is done twice', async () => {
  const alone = await killedRun(0, () => 0);
  expect(alone).toMatchObject({
    state: 'succeeded',
    executions: { one: 1, two: 2, three: 1 },
    verified: { one: 1, two: 1, three: 1 },
    landed: { one: 1, two: 1, three: 1 },
    processes: 0,
  });
  const waits: number[] = [];
  const killed = await killedRun(8, () => {
    waits.push(1 + Math.floor(Math.random() * 6));
    return waits.at(-1) ?? 1;
  });
  expect(killed.kills).toBeGreaterThan(4);
  expect(killed, `kills after ${waits.join(', ')} events`).toEqual({
    ...alone,
    kills: killed.kills,
  });
});

test('an owner that was suspended until another took over starts no worker and lands nothing', async () => {
  const rig = await makeRig();
  try {
    await mkdir(join(rig.folder, 'config/mo'), { recursive: true });
    // The first to set a worktree up for the writer waits in it.
    const wait =
      'case "$PWD" in */one) echo "$PPID" >> "$HOME/set-up"; test "$(wc -l < "$HOME/set-up")" -gt 1 || until test -e "$HOME/go"; do sleep 0.05; done;; esac';
    await writeFile(
      join(rig.folder, 'config/mo/config.yaml'),
      `worktrees:\n  setup:\n    - ${JSON.stringify(wait)}\n`,
    );
    const work = { do: 'shell', command: 'echo "$MO_ATTEMPT_NO" >> "$HOME/ran"' };
    const until = { do: 'shell', command: 'until test -e "$HOME/end"; do sleep 0.05; done' };
    await rig.script({
      plan: plan(planned('one', ['one.txt'])),
      one: [work, { do: 'append', path: 'one.txt', text: '1\n' }, until, done],
      review: review(),
    });
    const flags = ['--provider', 'scripted', '--yes', '--detach', '--json'];
    const said = await rig.mo(['do', 'sleep', ...flags]);
    const runId = /r-1-[a-z-]+/.exec(said.stdout)?.[0] ?? '';
    const linesOf = async (name: string): Promise<string[]> =>
      (await rig.read(`../${name}`).catch(() => '')).split('\n').filter((line) => line !== '');
    const wantLines = async (name: string, wanted: number): Promise<void> => {
      while ((await linesOf(name)).length < wanted) await systemClock.sleep(20);
    };
    await wantLines('set-up', 1);
    const first = await rig.ownerOf(runId);
    process.kill(first, 'SIGSTOP');
    expireLease(join(rig.repo, '.agent-workspace/mo.db'));
    await rig.mo(['poll', runId, '--wait-s', '0', '--json']);
    expect(await rig.ownerOf(runId)).not.toBe(first);
    // The second owner has given the first attempt up and its worker is at work in the same worktree.
    await wantLines('ran', 1);
    await rig.write('../go', '');
    process.kill(first, 'SIGCONT');
    await expect
      .poll(() => processesIn(rig.folder).then((all) => all.includes(first)), { timeout: 60_000 })
      .toBe(false);
    expect(await linesOf('ran')).toEqual(['2']);
    await rig.write('../end', '');
    await rig.pollUntil(runId, ({ state }) => state === 'succeeded');
    expect(await linesOf('ran')).toEqual(['2']);
    // What the death of an owner cut off in the middle is set up again.
    expect(await linesOf('set-up')).toHaveLength(2);
    expect(await rig.git('show', 'main:one.txt')).toBe('1');
    const log = await rig.read(`.agent-workspace/runs/${runId}/owner.log`);
    expect(log.match(/one: landed/g)).toHaveLength(1);
    expect(log).toMatch(/epoch 1\)? was replaced/);
  } finally {
    await rig.mo(['stop', 'r-1-sleep', '--force']);
    await rig.end();
  }
});

/** As if the twenty seconds of the lease had passed. */
function expireLease(file: string): void {
  const database = new Sqlite(file);
  database.prepare('UPDATE lease SET expires_at = 0').run();
  database.close();
}
