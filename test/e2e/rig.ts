import { execa } from 'execa';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const bin = join(import.meta.dirname, '../../dist/mo.mjs');

/** A repository of its own with scripted workers, driven from outside by the commands a person types. */
export type Rig = {
  folder: string;
  repo: string;
  /** Exit code and output of one command. */
  mo: (
    args: readonly string[],
    options?: { cwd?: string; env?: Record<string, string>; input?: string },
  ) => Promise<Said>;
  git: (...args: string[]) => Promise<string>;
  /** What the workers do, by node name; see `src/providers/scripted/script.ts`. */
  script: (book: unknown) => Promise<void>;
  write: (path: string, text: string) => Promise<void>;
  read: (path: string) => Promise<string>;
  /** Resolves with the newest poll answer that fits, waiting for news in between. */
  pollUntil: (runId: string, fits: (poll: Poll) => boolean) => Promise<Poll>;
  /** The pid of the process that executes the run. */
  ownerOf: (runId: string) => Promise<number>;
  end: () => Promise<void>;
};

export type Said = { exitCode: number; stdout: string; stderr: string; json: unknown };

const poll = z.looseObject({
  state: z.string(),
  cursor: z.string(),
  counts: z.record(z.string(), z.number()).optional(),
  lines: z.array(z.string()).optional(),
  needs: z.array(z.looseObject({ id: z.string(), choices: z.array(z.string()) })).optional(),
});
export type Poll = z.infer<typeof poll>;

export async function makeRig(name = 'repo'): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'mo-e2e-'));
  const repo = join(folder, name);
  await mkdir(repo, { recursive: true });
  const book = join(folder, 'book.json');
  await writeFile(book, '{}');
  const base = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    NO_COLOR: '1',
    MO_SCRIPT: book,
    XDG_DATA_HOME: join(folder, 'data'),
    XDG_CONFIG_HOME: join(folder, 'config'),
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  const mo: Rig['mo'] = async (args, options = {}) => {
    const result = await execa(process.execPath, [bin, ...args], {
      cwd: options.cwd ?? repo,
      env: { ...base, ...options.env },
      extendEnv: false,
      reject: false,
      ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    });
    return {
      exitCode: result.exitCode ?? -1,
      stdout: result.stdout,
      stderr: result.stderr,
      json: parsed(result.stdout),
    };
  };
  const git: Rig['git'] = async (...args) =>
    (await execa('git', args, { cwd: repo, env: base, extendEnv: false })).stdout;
  await git('init', '-q', '-b', 'main');
  await git('config', 'user.name', 'Somebody');
  await git('config', 'user.email', 'somebody@example.org');
  await writeFile(join(repo, 'README.md'), 'hello\n');
  await git('add', '-A');
  await git('commit', '-qm', 'first');
  return {
    folder,
    repo,
    mo,
    git,
    script: (value) => writeFile(book, JSON.stringify(value)),
    write: async (path, text) => {
      await mkdir(dirname(join(repo, path)), { recursive: true });
      await writeFile(join(repo, path), text);
    },
    read: (path) => readFile(join(repo, path), 'utf8'),
    pollUntil: async (runId, fits) => {
      for (let cursor: string | null = null; ;) {
        const since = cursor === null ? [] : ['--since', cursor];
        const said = await mo(['poll', runId, '--wait-s', '2', '--json', ...since]);
        if (said.exitCode !== 0 && said.json === null) throw new Error(said.stderr);
        const answer = poll.parse(said.json);
        if (fits(answer)) return answer;
        cursor = answer.cursor;
      }
    },
    ownerOf: async (runId) => {
      const log = await readFile(join(repo, '.agent-workspace/runs', runId, 'owner.log'), 'utf8');
      const pid = [...log.matchAll(/epoch [0-9]+: pid ([0-9]+)/g)].at(-1)?.[1];
      if (pid === undefined) throw new Error(`no owner in:\n${log}`);
      return Number(pid);
    },
    end: () => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The planner's answer. */
export function plan(...nodes: Record<string, unknown>[]) {
  return [{ do: 'handoff', value: { status: 'pass', summary: 'the plan', nodes } }];
}

export function planned(name: string, allow: string[], more: Record<string, unknown> = {}) {
  return {
    name,
    role: 'implementation',
    task: `write ${allow.join(', ')}`,
    needs: [],
    write: true,
    scope: { allow, deny: [] },
    ...more,
  };
}

export const done = {
  do: 'handoff',
  value: { status: 'pass', summary: 'done', changed_files: [], commands: [] },
};

export function writes(path: string, text: string, ...before: unknown[]) {
  return [...before, { do: 'write', path, text }, done];
}

export function review(...findings: { title: string; file?: string; severity?: string }[]) {
  const all = findings.map((one) => ({
    severity: 'major',
    file: null,
    line: null,
    evidence: 'seen',
    ...one,
  }));
  return [
    {
      do: 'handoff',
      value: {
        status: all.length === 0 ? 'pass' : 'needs_repair',
        summary: 'looked',
        findings: all,
      },
    },
  ];
}

const finalObject = z.looseObject({
  run_id: z.string(),
  state: z.string(),
  branch: z.string().nullable(),
  target: z.string().nullable(),
  landed: z.unknown(),
  cycles: z.number(),
  nodes: z.array(
    z.looseObject({
      name: z.string(),
      state: z.string(),
      attempts: z.number(),
      route: z.looseObject({ declared: z.unknown(), actual: z.unknown() }),
    }),
  ),
  spend: z.unknown(),
  handoffs: z.record(z.string(), z.unknown()).nullable(),
  report: z.string().nullable(),
});

export function final(said: Said): z.infer<typeof finalObject> {
  const result = finalObject.safeParse(said.json);
  if (!result.success)
    throw new Error(`no final object:\n${said.stdout}\n${said.stderr}\n${result.error.message}`);
  return result.data;
}
