import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { answerRequest } from '../../src/operations/answer-request.ts';
import { listRuns } from '../../src/operations/list-runs.ts';
import { land } from '../../src/operations/land.ts';
import { route } from '../../src/operations/route.ts';
import { run as runOne } from '../../src/operations/run.ts';
import { stop } from '../../src/operations/stop.ts';
import { identify, isAlive } from '../../src/platform/process-identity.ts';
import { providers } from '../../src/providers/providers.ts';
import { aNode } from '../core/build.ts';
import { aProject, aRun, type TestProject, type TestRun } from './project.ts';

/** Whoever is asked for as owner takes the signals that lie there and does something about them. */
function ownerDoes(project: TestProject, run: TestRun, answer: (kind: string) => void): void {
  project.context.ensureOwner = async (runId) => {
    project.ownersAskedFor.push(runId);
    const epoch = project.store.leaseOf(runId).epoch;
    for (const { id, signal } of project.store.takeSignals(runId, epoch)) {
      run.record([], { handledSignals: [id] });
      answer(signal.kind);
    }
  };
}

async function aWorkerProcess() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const id = identify(child.pid ?? -1);
  if (id === null) throw new Error('the worker did not start');
  return { child, id };
}

test('stop ends with the processes it looked for in the process table, one by one', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('a')]);
  const { child, id } = await aWorkerProcess();
  run.owner.start('a', 1, id);
  ownerDoes(project, run, () => {
    child.kill('SIGKILL');
    run.record([{ type: 'run.finished', outcome: 'stopped', reason: 'stopped' }]);
  });
  const result = await stop.run({ run_id: run.runId, force: false }, project.context);
  expect(result).toEqual({
    run_id: run.runId,
    state: 'stopped',
    done: true,
    processes: [{ node: 'a', attempt: 1, pid: id.pid, gone: true }],
  });
  expect(isAlive(id)).toBe(false);
});

test('stop also looks for the worker that was just being started, and for none that had ended before', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('a'), aNode('b')]);
  run.owner.start('a');
  run.owner.verify('a');
  const { child, id } = await aWorkerProcess();
  ownerDoes(project, run, () => {
    run.owner.start('b', 1, id);
    child.kill('SIGKILL');
    run.record([{ type: 'run.finished', outcome: 'stopped', reason: 'stopped' }]);
  });
  const result = await stop.run({ run_id: run.runId, force: false }, project.context);
  expect(result.processes).toEqual([{ node: 'b', attempt: 1, pid: id.pid, gone: true }]);
});

test('stop does not say done while a process is still there', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('a')]);
  const { id } = await aWorkerProcess();
  run.owner.start('a', 1, id);
  ownerDoes(project, run, () => project.cancel());
  const result = await stop.run({ run_id: run.runId, force: false }, project.context);
  expect(result).toMatchObject({ done: false, processes: [{ gone: false }] });
  expect(result.next).toContain('force');
});

test('stopping a run that is over changes nothing and is no error', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('a')]);
  run.record([{ type: 'run.finished', outcome: 'succeeded', reason: 'done' }]);
  const result = await stop.run({ run_id: run.runId, force: true }, project.context);
  expect(result).toMatchObject({ done: true, state: 'succeeded', processes: [] });
  expect(project.ownersAskedFor).toEqual([]);
});

test('stopping a node that does not exist names those there are', async () => {
  const project = await aProject();
  const { runId } = aRun(project, [aNode('a'), aNode('b')]);
  await expect(
    stop.run({ run_id: runId, node: 'c', force: false }, project.context),
  ).rejects.toThrow('Its nodes are: a, b.');
});

test('land answers with the commit that became of it', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('a')]);
  run.record([{ type: 'run.finished', outcome: 'succeeded', reason: 'done' }]);
  ownerDoes(project, run, () =>
    run.record([{ type: 'run.landed', how: 'merge', target: 'main', commit: 'c0ffee' }]),
  );
  const result = await land.run({ run_id: '1', how: 'merge', confirm: true }, project.context);
  expect(result).toMatchObject({ landed: true, target: 'main', commit: 'c0ffee', refused: null });
});

test('land that is refused says why and is not a success', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('a')]);
  run.record([{ type: 'run.finished', outcome: 'succeeded', reason: 'done' }]);
  ownerDoes(project, run, () =>
    run.record([
      { type: 'land.refused', code: 'dirty-checkout', message: 'The checkout is dirty.' },
    ]),
  );
  const answer = await land.call({ run_id: '1', how: 'merge', confirm: true }, project.context);
  expect(answer.data).toMatchObject({
    landed: false,
    refused: 'The checkout is dirty. [dirty-checkout]',
  });
  expect(answer.exitCode).toBe(1);
});

test('a pull request answers with its address, and a rollback with where the branch was', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('a')]);
  run.record([{ type: 'run.finished', outcome: 'succeeded', reason: 'done' }]);
  const url = 'https://github.com/acme/shop/pull/7';
  ownerDoes(project, run, () =>
    run.record([{ type: 'run.landed', how: 'pr', target: 'main', commit: 'c0ffee', url }]),
  );
  const asked = { run_id: '1', how: 'pr', confirm: true };
  const opened = await land.call(asked, project.context);
  expect(opened).toMatchObject({ exitCode: 0, data: { landed: true, url, commit: 'c0ffee' } });
  expect(opened.reading).toBe(
    `${run.runId}: pr main at c0ffee ${url} · merges cleanly into what is known of its target here`,
  );
  const [listed] = await listRuns(project.context, 1);
  expect(listed?.landed).toBe(`pr main at c0ffee ${url}`);
  ownerDoes(project, run, () =>
    run.record([
      { type: 'run.landed', how: 'rollback', target: 'main', commit: 'ba5e', from: 'ba5e' },
    ]),
  );
  const back = await land.call({ ...asked, how: 'rollback' }, project.context);
  expect(back.data).toMatchObject({ landed: true, from: 'ba5e', commit: 'ba5e', url: null });
  expect(back.reading).toBe(`${run.runId}: rollback main at ba5e, where it was taken back before`);
});

test('what a run that failed has merged may be taken back, but nothing new lands', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('a')]);
  run.record([{ type: 'run.finished', outcome: 'failed', reason: 'a failed' }]);
  ownerDoes(project, run, () =>
    run.record([{ type: 'run.landed', how: 'rollback', target: 'main', commit: 'ba5e' }]),
  );
  const asked = { run_id: run.runId, confirm: true };
  await expect(land.run({ ...asked, how: 'pr' }, project.context)).rejects.toThrow('is failed');
  const back = await land.run({ ...asked, how: 'rollback' }, project.context);
  expect(back).toMatchObject({ landed: true, how: 'rollback' });
});

test.each(['merge', 'pr', 'discard', 'rollback'] as const)(
  'land by %s needs confirm',
  async (how) => {
    const project = await aProject();
    const run = aRun(project, [aNode('a')]);
    run.record([{ type: 'run.finished', outcome: 'succeeded', reason: 'done' }]);
    await expect(
      land.run({ run_id: run.runId, how, confirm: false }, project.context),
    ).rejects.toThrow('confirm true (--confirm)');
  },
);

test('a run that is not over, or failed, does not land', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('a')]);
  const asked = { run_id: run.runId, how: 'branch', confirm: false } as const;
  await expect(land.run(asked, project.context)).rejects.toThrow('is running');
  run.record([{ type: 'run.finished', outcome: 'failed', reason: 'a failed' }]);
  await expect(land.run(asked, project.context)).rejects.toThrow('is failed');
});

const question = {
  id: 'plan:plan:1',
  kind: 'plan',
  node: 'plan',
  question: 'Start the workers on this plan?',
  choices: ['yes', 'no', 'revise'],
} as const;

test('an answer reaches the owner with its words', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('plan')]);
  run.record([{ type: 'run.asked', request: { ...question, choices: [...question.choices] } }]);
  ownerDoes(project, run, () =>
    run.record([{ type: 'run.answered', id: question.id, choice: 'revise', text: 'smaller' }]),
  );
  const given = { choice: 'revise', text: 'smaller', request: null };
  expect((await answerRequest(project.context, run.runId, given)).id).toBe(question.id);
  expect(project.store.view(run.runId).requests).toEqual([]);
});

test('an answer that is no choice is refused with the choices, and nothing is sent', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('plan')]);
  run.record([{ type: 'run.asked', request: { ...question, choices: [...question.choices] } }]);
  await expect(
    answerRequest(project.context, run.runId, { choice: 'yess', text: '', request: null }),
  ).rejects.toThrow('yes, no, revise. Did you mean yes?');
  expect(project.store.takeSignals(run.runId, 1)).toEqual([]);
});

test('an answer to a run that asks nothing is refused', async () => {
  const project = await aProject();
  const run = aRun(project, [aNode('plan')]);
  await expect(
    answerRequest(project.context, run.runId, { choice: 'yes', text: '', request: null }),
  ).rejects.toThrow('waiting for an answer');
});

test('a worker may be named as mo prints it: the provider and its profile', async () => {
  const { context, store } = await aProject();
  const profiles = { fast: { model: 'haiku' }, slow: {} };
  context.settings = async () => ({
    settings: { providers: { scripted: { profiles } } },
    untrusted: null,
  });
  const chosen = { provider: 'scripted', profile: 'fast', model: 'haiku' };
  const wish = { task: 'Explain it', provider: 'scripted:fast' };
  expect((await route.call(wish, context)).data).toMatchObject({ choice: chosen });
  const started = runOne.output.parse((await runOne.call(wish, context)).data);
  expect(started.route).toMatchObject(chosen);
  expect(store.spec(started.run_id).nodes).toMatchObject([
    { provider: 'scripted', profile: 'fast' },
  ]);
  expect((await route.call({ ...wish, profile: 'fast' }, context)).data).toMatchObject({
    choice: chosen,
  });
  for (const operation of [route, runOne]) {
    await expect(operation.call({ ...wish, profile: 'slow' }, context)).rejects.toThrow(
      'provider scripted:fast names profile fast, and profile says slow.',
    );
    await expect(operation.call({ ...wish, provider: 'scripted:fst' }, context)).rejects.toThrow(
      'Provider scripted has no profile fst. Did you mean fast?',
    );
    await expect(operation.call({ ...wish, provider: 'gemini:fast' }, context)).rejects.toThrow(
      'There is no provider gemini. Known: claude, codex.',
    );
  }
});

test('route takes what run takes, and says how a budget is kept where no money is told', async () => {
  const { context } = await aProject();
  context.providers = async () =>
    providers.map((one) => ({ ...one, abilities: { ...one.abilities, money: false } }));
  const wish = { task: 'Explain it', provider: 'scripted', budget: { usd: 1 } };
  const { reasons, next } = route.output.parse((await route.call(wish, context)).data);
  expect(next).toContain('run');
  expect(reasons.at(-1)).toContain('scripted reports no money');
});
