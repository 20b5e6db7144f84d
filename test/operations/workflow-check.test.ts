import { expect, test } from 'vitest';
import { foldRun } from '../../src/core/apply.ts';
import type { Settings } from '../../src/core/settings.ts';
import type { OperationContext } from '../../src/operations/context.ts';
import { workflowCheck } from '../../src/operations/workflow-check.ts';
import { workflowRun } from '../../src/operations/workflow-run.ts';
import { aProject, type TestProject } from './project.ts';

const writing = {
  version: 1,
  name: 'build',
  nodes: {
    api: { kind: 'command', run: 'make', write: true, scope: { allow: ['src/**'] } },
  },
};

const settings: Settings = {
  gates: { commands: ['npm test'] },
  limits: { concurrency: 2 },
  land: 'merge',
};

test.each([
  ['the settings', writing],
  [
    'the file',
    { ...writing, gates: ['make check'], budget: { usd: 3 }, land: 'branch', concurrency: 3 },
  ],
])('a dry run says what the run gets where it is said in %s', async (_where, file) => {
  const project = await aProject();
  const context = inGit(project, { settings, untrusted: null });
  const workflow = JSON.stringify(file);
  const { whole, text } = await checked(workflow, context);
  const { data } = await workflowRun.call({ workflow }, context);
  const { run_id } = workflowRun.output.parse(data);
  const { gates, budget, land, concurrency } =
    foldRun(project.store.readEvents(run_id, 0, 10))?.spec ?? {};
  expect(whole).toEqual({ gates, budget, land });
  expect(text).toContain(`at most ${concurrency} at once`);
});

test('gates that wait for trust are told as such, and how they come to count', async () => {
  const untrusted = { file: '/p/mo.yaml', commands: ['npm test'] };
  const context = inGit(await aProject(), { settings: {}, untrusted });
  const { whole, text, next } = await checked(JSON.stringify(writing), context);
  expect(whole?.gates).toBeNull();
  expect(text?.replaceAll(/\s+/g, ' ')).toContain('is in a file that nobody has trusted yet');
  expect(next).toContain('mo trust');
});

test('a workflow that writes nothing has no gates of the whole', async () => {
  const context = inGit(await aProject(), { settings, untrusted: null });
  const nodes = { look: { kind: 'command', run: 'ls' } };
  const { whole } = await checked(JSON.stringify({ ...writing, nodes }), context);
  expect(whole).toEqual({ gates: [], budget: { usd: null, tokens: null }, land: 'none' });
});

async function checked(workflow: string, context: OperationContext) {
  const { data } = await workflowCheck.call({ workflow }, context);
  return workflowCheck.output.parse(data);
}

/** The same project, as if it were a clean checkout. */
function inGit(
  { folder, context }: TestProject,
  known: Awaited<ReturnType<OperationContext['settings']>>,
): OperationContext {
  const git = {
    head: 'h',
    branch: 'main',
    dirtyFiles: async () => [],
    needRemote: async () => {},
    lastRunNumber: async () => 0,
  };
  return {
    ...context,
    settings: async () => known,
    project: async () => ({ root: folder, git }),
  };
}
