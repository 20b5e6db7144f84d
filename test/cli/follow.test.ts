import { expect, test } from 'vitest';
import type { CommandCall } from '../../src/cli/command-call.ts';
import { doGoal, type DoFlags } from '../../src/cli/do-goal.ts';
import { finish } from '../../src/cli/finish.ts';
import { follow } from '../../src/cli/follow.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import type { RunEvent } from '../../src/core/event.ts';
import { MoError } from '../../src/core/problem.ts';
import { writeWhole } from '../../src/platform/files.ts';
import { aNode } from '../core/build.ts';
import { aProject, aRun, recorderOf, type TestProject } from '../operations/project.ts';

type Typed = { call: CommandCall; out: string[]; err: string[]; interrupt: () => void };

/** A person at a terminal that shows plain lines; `answers` are what they type when asked. */
function aPerson(project: TestProject, answers: string[] | null = null, json = false): Typed {
  const out: string[] = [];
  const err: string[] = [];
  const interrupt = new AbortController();
  const terminal: Terminal = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    isLive: false,
    canAsk: answers !== null,
    hasColor: false,
    width: () => 100,
    height: () => 40,
    ask: async () => answers?.shift() ?? null,
  };
  const context = { ...project.context, signal: interrupt.signal, surface: 'cli' as const };
  return {
    call: { terminal, json, context, interrupted: interrupt.signal },
    out,
    err,
    interrupt: () => interrupt.abort(),
  };
}

const flags: DoFlags = {
  yes: false,
  dryRun: false,
  detach: false,
  maxCycles: 5,
  provider: 'scripted',
};

/** In place of the engine: asks for confirmation of a plan, and does what the answer says. */
function planningOwner(project: TestProject): void {
  project.context.settings = async () => ({ settings: {}, untrusted: null });
  project.context.project = async () => ({
    root: project.folder,
    git: {
      head: 'base',
      branch: 'main',
      dirtyFiles: async () => [],
      needRemote: async () => {},
      lastRunNumber: async () => 0,
    },
  });
  project.context.ensureOwner = async (runId) => {
    const { epoch, record, owner } = recorderOf(project, runId);
    const isNew = project.store.lastSeq(runId) === 1;
    const asks = project.store.spec(runId).confirm === 'ask';
    if (isNew && asks) {
      await writeWhole(project.store.paths.plan(runId), '# The plan\n');
      owner.start('plan');
      owner.verify('plan');
      record([planAsked(1)]);
    }
    if (isNew && !asks) record([ended('succeeded')]);
    for (const { id, signal } of project.store.takeSignals(runId, epoch)) {
      const open = project.store.view(runId).requests;
      const choice = signal.kind === 'answer' ? signal.choice : 'no';
      const text = signal.kind === 'answer' ? signal.text : '';
      const answered = open.map(({ id: request }) => ({
        type: 'run.answered' as const,
        id: request,
        choice,
        text,
      }));
      const then =
        choice === 'revise' ? planAsked(2) : ended(choice === 'yes' ? 'succeeded' : 'stopped');
      record([...answered, then], { handledSignals: [id] });
    }
  };
}

function planAsked(attempt: number): RunEvent {
  const request = {
    id: `plan:plan:${attempt}`,
    kind: 'plan' as const,
    node: 'plan',
    question: 'Start the workers on this plan?',
    choices: ['yes', 'no', 'revise'],
  };
  return { type: 'run.asked', request };
}

function ended(outcome: 'succeeded' | 'stopped'): RunEvent {
  return { type: 'run.finished', outcome, reason: 'as was said' };
}

test('following tells each change once and ends with the run', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('a')]);
  const { call, err } = aPerson(project);
  run.owner.start('a');
  const followed = follow(call, run.runId);
  run.owner.verify('a');
  run.record([{ type: 'run.finished', outcome: 'succeeded', reason: 'done' }]);
  expect((await followed).state).toBe('succeeded');
  const told = err.join('\n');
  expect(told.match(/a verified/g)).toHaveLength(1);
});

test('someone who leaves is told how to come back, and the run is left alone', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('a')]);
  const { call, err, interrupt } = aPerson(project);
  const followed = follow(call, run.runId);
  interrupt();
  expect(await finish(call, await followed)).toBe(130);
  expect(err.at(-1)).toContain(`mo watch ${run.runId}`);
  expect(project.store.view(run.runId).state).toBe('running');
});

test('a plan is shown, and yes executes it', async () => {
  const project = await aProject();
  planningOwner(project);
  const { call, out, err } = aPerson(project, ['maybe', 'y']);
  expect(await doGoal('add jwt', flags, call)).toBe(0);
  expect(err.join('\n')).toContain('# The plan');
  expect(err.join('\n')).toContain('Answer with one of: yes, no, revise.');
  expect(out.join('\n')).toMatch(/^r-1-add-jwt succeeded/);
});

test('a plan that is sent back is asked about again, with what should be different', async () => {
  const project = await aProject();
  planningOwner(project);
  const { call, err } = aPerson(project, ['r', 'fewer nodes', 'yes']);
  expect(await doGoal('add jwt', flags, call)).toBe(0);
  expect(err.filter((text) => text.includes('# The plan'))).toHaveLength(2);
  const answers = project.store.readEvents('r-1-add-jwt', 0, 100).map(({ event }) => event);
  expect(answers).toContainEqual(
    expect.objectContaining({ type: 'run.answered', choice: 'revise', text: 'fewer nodes' }),
  );
});

test('without anybody to ask the run waits, says how to go on, and the exit code is 3', async () => {
  const project = await aProject();
  planningOwner(project);
  const { call, out } = aPerson(project);
  expect(await doGoal('add jwt', flags, call)).toBe(3);
  expect(out.join('\n')).toContain('mo resume r-1-add-jwt --answer yes|no|revise');
});

test('--yes is never asked', async () => {
  const project = await aProject();
  planningOwner(project);
  const { call } = aPerson(project, []);
  expect(await doGoal('add jwt', { ...flags, yes: true }, call)).toBe(0);
});

test('--dry-run shows the plan, stops there and is a success', async () => {
  const project = await aProject();
  planningOwner(project);
  const { call, err } = aPerson(project);
  expect(await doGoal('add jwt', { ...flags, dryRun: true, yes: true }, call)).toBe(0);
  expect(err.join('\n')).toContain('# The plan');
  expect(project.store.view('r-1-add-jwt').state).toBe('stopped');
});

test('--detach prints the run id at once', async () => {
  const project = await aProject();
  planningOwner(project);
  const { call, out } = aPerson(project, null, true);
  expect(await doGoal('add jwt', { ...flags, detach: true }, call)).toBe(0);
  expect(out).toEqual(['{\n  "run_id": "r-1-add-jwt"\n}']);
});

test('--json ends with one object that says everything', async () => {
  const project = await aProject();
  planningOwner(project);
  const { call, out } = aPerson(project, null, true);
  expect(await doGoal('add jwt', { ...flags, yes: true }, call)).toBe(0);
  expect(JSON.parse(out.join(''))).toEqual({
    run_id: 'r-1-add-jwt',
    state: 'succeeded',
    branch: null,
    target: 'main',
    landed: null,
    cycles: 0,
    progress: [],
    handoffs: null,
    nodes: ['plan', 'review'].map((name) => ({
      name,
      state: 'waiting',
      attempts: 0,
      reused_from: null,
      route: { declared: null, actual: null },
      spend: { usd: null, input: 0, cached: 0, output: 0 },
    })),
    spend: { usd: null, input: 0, cached: 0, output: 0 },
    report: null,
  });
});

test('a clean checkout lands by merge, a dirty one on the branch', async () => {
  const project = await aProject();
  planningOwner(project);
  const { call } = aPerson(project);
  await doGoal('one', { ...flags, yes: true }, call);
  project.context.project = async () => ({
    root: project.folder,
    git: {
      head: 'base',
      branch: 'main',
      dirtyFiles: async () => ['a.txt'],
      needRemote: async () => {},
      lastRunNumber: async () => 0,
    },
  });
  await doGoal('two', { ...flags, yes: true }, aPerson(project).call);
  expect(project.store.spec('r-1-one').land).toBe('merge');
  expect(project.store.spec('r-2-two').land).toBe('branch');
});

test('a run that is to end as a pull request needs a remote before it begins', async () => {
  const project = await aProject();
  planningOwner(project);
  const { call } = aPerson(project);
  const asked: string[] = [];
  call.context.project = async () => ({
    root: project.folder,
    git: {
      head: 'base',
      branch: 'main',
      dirtyFiles: async () => ['a.txt'],
      needRemote: async (branch) => {
        asked.push(branch);
        throw new MoError({ code: 'no-remote', target: branch, reason: 'there is none' });
      },
      lastRunNumber: async () => 0,
    },
  });
  await expect(doGoal('x', { ...flags, land: 'pr' }, call)).rejects.toThrow('there is none');
  expect(asked).toEqual(['main']);
  expect(project.store.listRuns({ limit: 1, before: null })).toEqual([]);
});

test.each([
  ['', 'The goal is empty'],
  ['   ', 'The goal is empty'],
  ['x'.repeat(1_000_000), '1000000 bytes; at most'],
])('a goal that cannot be one is refused before anything is made', async (goal, named) => {
  const project = await aProject();
  planningOwner(project);
  await expect(doGoal(goal, flags, aPerson(project).call)).rejects.toThrow(named);
  expect(project.store.listRuns({ limit: 1, before: null })).toEqual([]);
});

test('merging into a dirty checkout, a writing run outside git and an unknown worker are refused', async () => {
  const project = await aProject();
  planningOwner(project);
  const { call } = aPerson(project);
  call.context.project = async () => ({
    root: project.folder,
    git: {
      head: 'base',
      branch: 'main',
      dirtyFiles: async () => ['a.txt'],
      needRemote: async () => {},
      lastRunNumber: async () => 0,
    },
  });
  await expect(doGoal('x', { ...flags, land: 'merge' }, call)).rejects.toThrow('a.txt');
  await expect(doGoal('x', { ...flags, worker: 'gemimi' }, call)).rejects.toThrow(
    'inputs.worker: there is no provider "gemimi"',
  );
  call.context.project = async () => ({ root: project.folder, git: null });
  await expect(doGoal('x', flags, call)).rejects.toThrow('is not inside a git repository');
});
