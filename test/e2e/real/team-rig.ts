import { execa } from 'execa';
import { mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { z } from 'zod';
import type { ModelScript } from '../../../src/selftest/model-servers/model-script.ts';
import {
  type ModelServer,
  startModelServer,
} from '../../../src/selftest/model-servers/start-model-server.ts';
import { makeSampleRepository } from '../../../src/selftest/sample-repository.ts';
import { processesIn } from '../processes.ts';
import { makeTemporaryHome } from '../../../src/selftest/temporary-home.ts';

export const bundle = resolve(import.meta.dirname, '../../../dist/mo.mjs');

/** The sample repository, a home without accounts, and the real CLIs with one script for all their models. */
export type TeamRig = {
  folder: string;
  project: string;
  env: Readonly<Record<string, string>>;
  anthropic: ModelServer;
  openai: ModelServer;
  /** One command, as a person types it. */
  run: (command: string, args: readonly string[]) => Promise<Said>;
  mo: (...args: string[]) => Promise<Said>;
  git: (...args: string[]) => Promise<string>;
  /** Polls, waiting for news in between, until an answer fits. */
  until: (runId: string, fits: (poll: Poll) => boolean) => Promise<void>;
  ownerLog: (runId: string) => Promise<string>;
  /** Ends whatever still runs; rejects when a model script failed meanwhile. */
  end: () => Promise<void>;
};

export type Said = { exitCode: number; stdout: string; stderr: string; json: unknown };

export async function makeTeamRig(clis: string, script: ModelScript): Promise<TeamRig> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'mo-real-')));
  const project = join(folder, 'project');
  await mkdir(project);
  await makeSampleRepository(project);
  const anthropic = await startModelServer({ dialect: 'anthropic', script });
  const openai = await startModelServer({ dialect: 'openai', script });
  const home = await makeTemporaryHome({ anthropic: anthropic.url, openai: openai.url });
  const env = {
    PATH: [clis, process.env['PATH'] ?? ''].join(delimiter),
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    ...home.env,
  };
  const run: TeamRig['run'] = async (command, args) => {
    const options = {
      cwd: project,
      env,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    } as const;
    const { exitCode = -1, stdout, stderr } = await execa(command, args, options);
    return { exitCode, stdout, stderr, json: parsed(stdout) };
  };
  const mo: TeamRig['mo'] = (...args) => run(process.execPath, [bundle, ...args]);
  return {
    folder,
    project,
    env,
    anthropic,
    openai,
    run,
    mo,
    git: async (...args) => (await run('git', args)).stdout,
    until: async (runId, fits) => {
      for (let cursor: string | null = null; ;) {
        const since = cursor === null ? [] : ['--since', cursor];
        const said = await mo('poll', runId, '--wait-s', '3', '--json', ...since);
        const answer = poll.safeParse(said.json);
        if (!answer.success) throw new Error(`${said.stdout}\n${said.stderr}`);
        if (fits(answer.data)) return;
        cursor = answer.data.cursor;
      }
    },
    ownerLog: (runId) =>
      readFile(join(project, '.agent-workspace/runs', runId, 'owner.log'), 'utf8'),
    end: async () => {
      const failures = [...anthropic.failures, ...openai.failures];
      // A test that failed half-way must not leave an owner and its workers behind.
      for (const pid of await processesIn(folder)) process.kill(pid, 'SIGKILL');
      await Promise.all([anthropic.close(), openai.close()]);
      await home.remove();
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
      if (failures.length > 0) throw new AggregateError(failures, 'a model script failed');
    },
  };
}

const poll = z.looseObject({
  state: z.string(),
  cursor: z.string(),
  lines: z.array(z.string()).default([]),
});
export type Poll = z.infer<typeof poll>;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
