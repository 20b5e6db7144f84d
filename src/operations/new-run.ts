import { isDeepStrictEqual } from 'node:util';
import type { NodeDefaults, RunSpec } from '../core/event.ts';
import { maxNodes } from '../core/graph.ts';
import type { Limit, NodeSpec } from '../core/node.ts';
import { MoError } from '../core/problem.ts';
import { keepSource, type WorkflowText } from '../store/kept-source.ts';
import { canWrite, concurrencyOf, wholeOf } from '../workflow/whole.ts';
import { checkWorkers } from './check-workers.ts';
import type { RouteWish } from './choose-route.ts';
import type { OperationContext } from './context.ts';
import { writeCursor } from './cursor.ts';

export type NewRun = {
  name: string;
  goal: string;
  recipe: string | null;
  nodes: NodeSpec[];
  /** null: what the settings say, else `branch`. */
  land: RunSpec['land'] | null;
  /** Commands the integrated tree must pass; null: those of the settings. */
  gates: string[] | null;
  concurrency: number | null;
  budget: Limit;
  confirm: RunSpec['confirm'];
  maxCycles: number;
  inputs?: RunSpec['inputs'];
  maxInvalidations?: number;
  maxNodes?: number;
  /** Left out: `never`. */
  reuse?: RunSpec['reuse'];
  /** Commands of the settings are not run. */
  isRehearsal?: boolean;
  /** For nodes that are added while the run goes on. */
  defaults: NodeDefaults;
  clientKey: string | null;
  /** The text the nodes were read from, kept beside the run; null: they came from none. */
  source?: WorkflowText | null;
};

const goalLimitBytes = 100_000;

/** Checks what can be checked, writes the run down and starts its owner. The same client key again is the same run. */
export async function startRun(
  context: OperationContext,
  wish: NewRun,
): Promise<{ runId: string; existed: boolean; cursor: string }> {
  const { git } = await context.project();
  const [spec, above] = await Promise.all([specOf(context, wish), git?.lastRunNumber() ?? 0]);
  const store = await context.store();
  const { runId, existed } = store.createRun({ spec, clientKey: wish.clientKey, above });
  if (existed) checkSameRun(store.spec(runId), { ...spec, runId }, wish.clientKey);
  if (!existed && wish.source) await keepSource(store.paths, runId, wish.source);
  await context.ensureOwner(runId);
  return {
    runId,
    existed,
    cursor: writeCursor({ seq: store.lastSeq(runId), version: 0, flags: 0 }),
  };
}

/** A key that was used for something else would answer with a run that nobody asked for. */
function checkSameRun(there: RunSpec, asked: RunSpec, clientKey: string | null): void {
  if (isDeepStrictEqual(askedOf(there), askedOf(asked))) return;
  throw new MoError({
    code: 'bad-input',
    what: `client_key ${clientKey ?? ''} belongs to ${there.runId}, which was asked something else.`,
    fix: `Give another client_key, or look at that run: poll {run_id: "${there.runId}"}`,
  });
}

function askedOf({ goal, inputs, nodes }: RunSpec) {
  const asked = nodes.map(({ name, kind, role, task, write, scope, needs, map }) => ({
    name,
    kind,
    role,
    task,
    write,
    scope,
    needs,
    over: map?.over ?? null,
    item: map?.item.task ?? null,
  }));
  return { goal, inputs, nodes: asked };
}

async function specOf(context: OperationContext, wish: NewRun): Promise<Omit<RunSpec, 'runId'>> {
  checkGoal(wish.goal);
  const { settings, untrusted } = await settingsOf(context, wish.isRehearsal === true);
  const project = await context.project();
  const writes = canWrite(wish.nodes);
  if (writes && project.git === null) {
    throw project.withoutGit ?? new MoError({ code: 'not-a-repository', folder: project.root });
  }
  // A worktree is set up and a result is gated with these commands: without them both would mean something else.
  if (writes && untrusted !== null) throw new MoError({ code: 'untrusted-settings', ...untrusted });
  const whole = wholeOf(wish, settings);
  if (whole.land === 'pr' && project.git !== null) {
    if (project.git.branch === null) throw detached(project.root, context);
    await project.git.needRemote(project.git.branch);
  }
  if (whole.land === 'merge' && project.git !== null) {
    if (project.git.branch === null) throw detached(project.root, context);
    const files = await project.git.dirtyFiles();
    if (files.length > 0)
      throw new MoError({
        code: 'dirty-checkout',
        folder: project.root,
        files,
        field: 'land',
      });
  }
  await checkWorkers({ wishes: workersWanted(wish), budget: wish.budget }, context);
  return {
    name: wish.name,
    goal: wish.goal,
    recipe: wish.recipe,
    project: project.root,
    base: project.git?.head ?? null,
    target: project.git?.branch ?? null,
    ...whole,
    nodes: wish.nodes,
    concurrency: concurrencyOf(wish.concurrency, settings),
    confirm: wish.confirm,
    maxCycles: wish.maxCycles,
    inputs: wish.inputs ?? {},
    maxInvalidations: wish.maxInvalidations ?? 50,
    maxNodes: wish.maxNodes ?? maxNodes,
    reuse: wish.reuse ?? 'never',
    defaults: wish.defaults,
    settings,
  };
}

async function settingsOf(context: OperationContext, isRehearsal: boolean) {
  const { settings, untrusted } = await context.settings();
  if (!isRehearsal) return { settings, untrusted };
  const { worktrees: _setup, ...others } = settings;
  return {
    settings: { ...others, gates: { ...settings.gates, commands: [] } },
    untrusted: null,
  };
}

/** What a planner or a reviewer adds later is known by its defaults. */
function workersWanted({ nodes, defaults }: NewRun): RouteWish[] {
  const items = nodes.flatMap(({ map }) => (map?.item.kind === 'agent' ? [map.item] : []));
  const agents = nodes.filter(({ kind }) => kind === 'agent');
  const wanted = [...agents, ...items];
  if (!agents.some(({ emit }) => emit !== null)) return wanted;
  return [...wanted, { ...defaults, role: 'implementation', write: true }];
}

function detached(folder: string, { surface }: OperationContext): MoError {
  return new MoError({
    code: 'bad-input',
    what: `HEAD is detached in ${folder}, so there is no branch to land on.`,
    fix: `Check a branch out first, or give ${surface === 'cli' ? '--land branch' : 'land: "branch"'}.`,
  });
}

function checkGoal(goal: string): void {
  if (goal.trim() === '') throw new MoError({ code: 'goal-empty' });
  if (goal.includes('\0')) {
    throw new MoError({
      code: 'bad-input',
      what: 'The goal holds a NUL character, so it is no text.',
      fix: 'Give the goal as UTF-8 text.',
    });
  }
  const bytes = Buffer.byteLength(goal);
  if (bytes > goalLimitBytes) {
    throw new MoError({ code: 'goal-too-long', bytes, limit: goalLimitBytes });
  }
}
