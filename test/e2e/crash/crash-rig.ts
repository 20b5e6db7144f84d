import { execa } from 'execa';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { RunSpec } from '../../../src/core/event.ts';
import { isOver } from '../../../src/core/view.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { aRunSpec } from '../../core/build.ts';
import { makeRig, type Rig } from '../rig.ts';
import type { Boundary } from './boundary.ts';
import { linesOf, remainsOf, type Remains } from './remains.ts';

const mo = join(import.meta.dirname, '../../../dist/mo.mjs');

/** How an owner ends: at a boundary, alone or with its group and all its workers and gates at that moment. */
export type Death = { at: Boundary; company: 'alone' | 'workers' };

/** A run in a repository of its own whose owners are children of the test. */
export type CrashRig = {
  rig: Rig;
  store: Store;
  runId: string;
  /** Events that came first in their transaction, as the mortal owners wrote them down. */
  appends: () => Promise<string[]>;
  /** Executes the run to its end, owner after owner: one for each death, then those a user has. What is asked is answered at once. How many have died. */
  live: (deaths: readonly Death[]) => Promise<number>;
  remains: () => Promise<Remains>;
  /** What the owners said. */
  log: () => Promise<string>;
  end: () => Promise<void>;
};

export async function makeCrashRig(
  owner: string,
  { spec, scripts }: { spec: Partial<RunSpec>; scripts: unknown },
): Promise<CrashRig> {
  const rig = await makeRig();
  const temporary = join(rig.folder, 'tmp');
  await mkdir(temporary);
  await rig.script(scripts);
  const store = await openStore(rig.repo, { clock: systemClock });
  const base = (await rig.git('rev-parse', 'HEAD')).trim();
  // Processes are told apart by the name of their run, and several runs go on at once.
  const goal = basename(rig.folder).replaceAll(/[^A-Za-z0-9]/g, '');
  const whole = { ...aRunSpec([]), goal, project: rig.repo, base, target: 'main', ...spec };
  const { runId } = store.createRun({ spec: whole, clientKey: null });
  const appends = join(rig.folder, 'appends');
  const env = { ...rig.env, TMPDIR: temporary, CRASH_LOG: appends };
  const logFile = store.paths.ownerLog(runId);
  const life = async (argv: string[], extra: Record<string, string>): Promise<boolean> => {
    const result = await execa(process.execPath, [...argv, runId], {
      cwd: rig.repo,
      env: { ...env, ...extra },
      extendEnv: false,
      reject: false,
      // In a group of its own, as `ensureOwner` starts one.
      detached: true,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: { file: logFile, append: true },
    });
    if (result.signal === 'SIGKILL') return true;
    if (result.exitCode === 0) return false;
    const log = await readFile(logFile, 'utf8');
    const lock = /Another git process holds (\S+\.lock),/.exec(log.trim().split('\n').at(-1) ?? '');
    if (lock?.[1] === undefined) throw new Error(`an owner ended with ${result.exitCode}:\n${log}`);
    // A git that was killed has left it, and the owner has said what a person is to do then.
    await rm(lock[1]);
    return false;
  };
  return {
    rig,
    store,
    runId,
    appends: async () => linesOf(await readFile(appends, 'utf8')),
    live: async (deaths) => {
      const answering = new AbortController();
      const answers = answerAll(store, runId, answering.signal);
      let died = 0;
      try {
        while (!isOver(store.view(runId).state)) {
          const death = deaths[died];
          const hasDied = await (death === undefined && died > 0
            ? life([mo, 'owner'], {})
            : life([owner], deathOf(death)));
          if (hasDied) died += 1;
          answers.now();
        }
      } finally {
        answering.abort();
        await answers.ended;
      }
      return died;
    },
    remains: () => remainsOf({ rig, store, runId, temporary }),
    log: () => readFile(logFile, 'utf8'),
    end: async () => {
      store.close();
      await rig.end();
    },
  };
}

function deathOf(death: Death | undefined): Record<string, string> {
  if (death === undefined) return {};
  const { at, company } = death;
  return { CRASH_WHEN: at.when, CRASH_AT: at.event, CRASH_WITH: company };
}

/** Says yes to each question once, as soon as it is asked. */
function answerAll(store: Store, runId: string, signal: AbortSignal) {
  const answered = new Set<string>();
  const now = (): void => {
    for (const { id } of store.view(runId).requests) {
      if (answered.has(id)) continue;
      answered.add(id);
      store.sendSignal(runId, { kind: 'answer', request: id, choice: 'yes', text: '' });
    }
  };
  const watch = async (): Promise<void> => {
    while (!signal.aborted) {
      now();
      await store.waitForPulse(runId, { signal, timeoutMs: 10_000 });
    }
  };
  return { now, ended: watch() };
}
