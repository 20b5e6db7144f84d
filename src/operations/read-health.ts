import { access, constants, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { describeProblem, MoError, type Surface } from '../core/problem.ts';
import type { Provider } from '../core/worker.ts';
import type { Lane } from '../core/routing.ts';
import { runCommand } from '../platform/process.ts';
import type { OperationContext, Project } from './context.ts';
import type { healthOutput } from './health.ts';
import { probeProvider, problemOfLack, type ProbedProvider } from './probe-provider.ts';

type Health = z.output<typeof healthOutput>;
type Fault = Health['problems'][number];

/** Everything is asked at once; no answer takes longer than its own limit, and a missing piece is a line, not an error. */
export async function readHealth(context: OperationContext): Promise<Health> {
  const { surface } = context;
  const [git, project, probed, storeFault, settingsFault, profilesFault] = await Promise.all([
    gitVersion(context),
    projectOf(context),
    probeAll(context),
    faultOf(surface, async () => {
      await context.storeIfAny();
    }),
    faultOf(surface, async () => {
      const { untrusted } = await context.settings();
      if (untrusted !== null) throw new MoError({ code: 'untrusted-settings', ...untrusted });
    }),
    faultOf(surface, async () => {
      const { found } = await context.settings();
      if (found?.problem) throw found.problem;
    }),
  ]);
  const workspaceFault = await unwritable(project.root);
  const lanes = storeFault === null ? ((await context.storeIfAny())?.lanes() ?? []) : [];
  const usable = probed.filter(({ problem }) => problem === null);
  const faults = [
    ...(git === null ? [gitMissing] : []),
    ...(project.git === null && git !== null ? [repositoryFault(project, surface)] : []),
    ...[workspaceFault, storeFault, settingsFault, profilesFault].filter((fault) => fault !== null),
    ...probed.flatMap(({ problem }) => problem ?? []),
    ...probed.flatMap(({ provider }) => lackFaults(provider)),
  ].filter((fault, index, all) => all.findIndex(({ what }) => what === fault.what) === index);
  return {
    mo: context.version,
    node: process.versions.node,
    git,
    project: project.root,
    repository: project.git !== null,
    workspace: workspaceFault === null ? 'writable' : 'unwritable',
    providers: probed.map((one) => providerLine(one, lanes, context.clock.now())),
    problems: faults,
    next:
      usable.length > 0
        ? 'Start a goal with workflow_run {recipe: "do", inputs: {goal: "…"}}, or one worker with run {task}'
        : 'Install and sign in to Claude Code or Codex, then call health again. `mo demo` works without.',
  };
}

function providerLine(
  { provider, path, version, signedIn, problem }: ProbedProvider,
  lanes: readonly Lane[],
  now: number,
): Health['providers'][number] {
  const closed = lanes.find(
    (lane) => lane.provider === provider.name && lane.profile === null && lane.closedUntil > now,
  );
  const abilities = Object.entries(provider.abilities).flatMap(([name, ability]) => {
    if (ability === true) return [name];
    return typeof ability === 'string' && ability !== 'none' ? [`${name}:${ability}`] : [];
  });
  return {
    name: provider.name,
    vendor: provider.vendor,
    path,
    version,
    signed_in: signedIn,
    abilities,
    lane:
      closed === undefined
        ? 'open'
        : `closed until ${new Date(closed.closedUntil).toISOString()}: ${closed.reason}`,
    usable: problem === null,
  };
}

/** The scripted worker ships with mo and does nothing by itself: it is no agent to be ready or missing. */
async function probeAll(context: OperationContext): Promise<ProbedProvider[]> {
  const providers = (await context.providers()).filter(({ vendor }) => vendor !== 'scripted');
  return Promise.all(
    providers.map((provider) =>
      probeProvider(provider, {
        env: context.env,
        folder: context.folder,
        now: context.clock.now(),
        signal: context.signal,
      }),
    ),
  );
}

async function gitVersion(context: OperationContext): Promise<string | null> {
  const result = await runCommand('git', ['--version'], {
    cwd: context.folder,
    env: context.env,
    timeoutMs: 5_000,
    signal: context.signal,
  });
  return /\d+\.\d+(\.\d+)?/.exec(result.stdout)?.[0] ?? null;
}

/** Outside a repository, and in one without a commit, there is still a lot to say. */
async function projectOf(context: OperationContext): Promise<Project> {
  try {
    return await context.project();
  } catch (error) {
    if (!(error instanceof MoError)) throw error;
    return { root: context.folder, git: null, withoutGit: error };
  }
}

function lackFaults({ name, lacks = [] }: Provider): Fault[] {
  return lacks.map((lack) => problemOfLack(name, lack));
}

async function faultOf(surface: Surface, attempt: () => Promise<void>): Promise<Fault | null> {
  try {
    await attempt();
    return null;
  } catch (error) {
    if (!(error instanceof MoError)) throw error;
    return faultIn(error, surface);
  }
}

function faultIn({ problem }: MoError, surface: Surface): Fault {
  const message = describeProblem(problem, surface);
  const [what = message, ...fix] = message.split(/(?<=\.) /);
  return { what, fix: fix.join(' ') };
}

async function unwritable(root: string): Promise<Fault | null> {
  const folder = join(root, '.agent-workspace');
  const inTheWay = await stat(folder).then(
    (found) => !found.isDirectory(),
    () => false,
  );
  if (inTheWay)
    return {
      what: `${folder} is a file.`,
      fix: 'Move it away: mo keeps its runs in a folder there.',
    };
  const nearest = await access(folder).then(
    () => folder,
    () => dirname(folder),
  );
  return access(nearest, constants.W_OK).then(
    () => null,
    () => ({ what: `mo cannot write to ${nearest}.`, fix: 'Make the folder writable.' }),
  );
}

const gitMissing: Fault = { what: 'git is not on the PATH.', fix: 'Install git 2.38 or newer.' };

function repositoryFault(project: Project, surface: Surface): Fault {
  if (project.withoutGit !== undefined) return faultIn(project.withoutGit, surface);
  return {
    what: `${project.root} is not a git repository, so no agent can write here.`,
    fix: 'Run `git init`, commit once, and call health again; read-only runs work without.',
  };
}
