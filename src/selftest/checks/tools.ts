import { join } from 'node:path';
import type { Step } from '../../providers/scripted/script.ts';
import { fail, reportIt, type Check, type CheckPlace } from '../check.ts';
import { untilThere } from '../until-there.ts';
import { makeThrowawayProject, runIdOf, type ThrowawayProject } from '../throwaway-project.ts';

export const tools: Check = {
  name: 'tools',
  title: 'every tool, once',
  of: 'mo',
  limitMs: 30_000,
  needs: ['addon', 'git', 'mcp-stateless'],
  run: callEveryTool,
};

const works: Step = {
  do: 'handoff',
  value: { status: 'pass', summary: 'done', changed_files: ['selftest.txt'], commands: [] },
};

async function callEveryTool(place: CheckPlace): Promise<string> {
  const project = await makeThrowawayProject(place, {
    waits: [{ do: 'shell', command: 'touch "$HOME/up"', force: true }, { do: 'hang' }],
    '*': [{ do: 'write', path: 'selftest.txt', text: 'done\n' }, works],
  });
  const called = new Set<string>();
  const ask: ThrowawayProject['ask'] = (tool, input) => {
    called.add(tool);
    return project.ask(tool, input);
  };
  const walk = { ...project, ask };
  await lookAround(walk);
  await oneWorker(walk);
  await aWorkflow(walk, place);
  const listed = await project.session.tools();
  // A tool that only reads needs no story around it.
  for (const { name, annotations } of listed)
    if (!called.has(name) && annotations?.readOnlyHint === true) await ask(name);
  const left = listed.filter(({ name }) => !called.has(name)).map(({ name }) => name);
  if (left.length > 0) fail(`Not called: ${left.join(', ')}.`, reportIt);
  await project.session.close();
  return `${listed.length} called`;
}

async function lookAround({ ask }: ThrowawayProject): Promise<void> {
  const { data } = await ask('health');
  if (data['repository'] !== true) fail('health does not see the repository.', reportIt);
  await ask('project');
  await ask('project_apply', { action: 'clean', dry_run: true });
  await ask('route', { task: 'Write selftest.txt', provider: 'scripted' });
  await ask('handoff', { action: 'template', role: 'implementation' });
}

async function oneWorker({ ask, endOf }: ThrowawayProject): Promise<void> {
  const wish = { task: 'Write selftest.txt', provider: 'scripted', write: true };
  const scope = { allow: ['selftest.txt'] };
  const gates = ['grep -q done selftest.txt'];
  const runId = runIdOf(await ask('run', { ...wish, scope, gates }));
  const end = await endOf(runId);
  if (end !== 'succeeded') fail(`A run of one worker ends as ${end}.`, reportIt);
  await ask('poll', { run_id: runId, wait_s: 0 });
  const diff = await ask('output', { run_id: runId, part: 'diff' });
  if (!diff.text.includes('+done')) fail('output does not show the change.', reportIt);
  const verdict = await ask('verify', { run_id: runId });
  if (verdict.data['pass'] !== true) fail('verify does not pass what was verified.', reportIt);
  await ask('usage', { run_id: runId });
  const landed = await ask('land', { run_id: runId, how: 'merge', confirm: true });
  if (landed.data['landed'] !== true) fail('land does not land.', reportIt);
}

async function aWorkflow({ ask }: ThrowawayProject, place: CheckPlace): Promise<void> {
  const text = JSON.stringify({
    version: 1,
    name: 'selftest',
    nodes: { waits: { provider: 'scripted', task: 'Wait.' } },
  });
  await ask('workflow_check', { workflow: text });
  const runId = runIdOf(await ask('workflow_run', { workflow: text }));
  await untilThere(join(place.folder, 'home', 'up'), place);
  await ask('send', { run_id: runId, node: 'waits', text: 'Go on waiting.' });
  await ask('workflow_control', { run_id: runId, action: 'pause' });
  const stopped = await ask('stop', { run_id: runId, force: true });
  if (stopped.data['done'] !== true) fail('stop does not end a worker that hangs.', reportIt);
}
