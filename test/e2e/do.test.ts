import { afterEach, beforeEach, expect, test } from 'vitest';
import { aForge } from '../engine/stand-in-forge.ts';
import { done, final, makeRig, plan, planned, review, writes, type Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.end());

const yes = ['--provider', 'scripted', '--yes', '--json'];

test('a goal becomes a plan, parallel work, a review, a verified whole and a merge into a clean checkout', async () => {
  await rig.script({
    plan: plan(
      planned('one', ['one.txt']),
      planned('two', ['two.txt']),
      planned('sum', ['sum.txt'], { needs: ['one', 'two'] }),
    ),
    one: writes('one.txt', '1\n'),
    two: writes('two.txt', '2\n'),
    sum: [{ do: 'shell', command: 'cat one.txt two.txt > sum.txt' }, done],
    review: review(),
  });
  const said = await rig.mo(['do', 'count', ...yes, '--gate', 'test -f README.md']);
  expect(said.exitCode).toBe(0);
  const result = final(said);
  expect(result).toMatchObject({
    state: 'succeeded',
    branch: `mo/${result.run_id}`,
    target: 'main',
    landed: { how: 'merge' },
  });
  expect(await rig.read('sum.txt')).toBe('1\n2\n');
  expect(await rig.git('status', '--porcelain')).toBe('');
  expect(
    await rig.git('log', '-1', '--format=%(trailers:key=Mo-Node,valueonly)', '--', 'sum.txt'),
  ).toContain('sum');
  expect(await rig.git('worktree', 'list')).not.toContain('.agent-workspace');
});

test('a result that fails its gate goes back with the findings, and the second one is taken', async () => {
  await rig.script({
    plan: plan(planned('one', ['one.txt'], { gates: [{ command: 'grep -q right one.txt' }] })),
    one: [writes('one.txt', 'wrong\n'), writes('one.txt', 'right\n')],
    review: review(),
  });
  const said = await rig.mo(['do', 'get it right', ...yes, '--gate', 'grep -q right one.txt']);
  const result = final(said);
  expect(result.nodes.find((node) => node.name === 'one')).toMatchObject({
    state: 'verified',
    attempts: 2,
  });
  const prompt = await rig.read(`.agent-workspace/runs/${result.run_id}/nodes/one/2/prompt.md`);
  expect(prompt).toContain('grep -q right one.txt');
});

test('a lie is refused: no file, a file outside the scope, a leaked key, a reader that writes', async () => {
  await rig.script({
    plan: plan(
      planned('liar', ['liar.txt'], { gates: [{ command: 'test -f liar.txt' }] }),
      planned('outsider', ['inside.txt']),
      planned('leaker', ['leak.txt']),
      planned('vandal', ['vandal.txt']),
      { name: 'reader', role: 'security', task: 'look', needs: [], write: false, scope: null },
    ),
    liar: [{ do: 'claim', text: 'I wrote liar.txt' }, done],
    outsider: [{ do: 'write', path: 'outside.txt', text: 'x' }, ...writes('inside.txt', 'x')],
    vandal: [{ do: 'shell', command: 'rm -rf "$PWD"' }, done],
    leaker: [{ do: 'leak', kind: 'github', path: 'leak.txt' }, done],
    reader: [
      { do: 'write', path: 'sneaky.txt', text: 'x', force: true },
      { do: 'handoff', value: { status: 'pass', summary: 'looked', findings: [] } },
    ],
    review: review(),
  });
  const said = await rig.mo(['do', 'lie', ...yes, '--gate', 'test -f liar.txt']);
  expect(said.exitCode).toBe(1);
  const states = Object.fromEntries(final(said).nodes.map((node) => [node.name, node.state]));
  expect(states).toMatchObject({
    liar: 'failed',
    outsider: 'failed',
    leaker: 'failed',
    vandal: 'failed',
    reader: 'failed',
    review: 'blocked',
  });
  expect(
    await rig.git('log', '--all', '--format=%s', '--', 'outside.txt', 'sneaky.txt'),
  ).not.toContain('Land');
  expect(await rig.git('rev-parse', 'main')).toBe(await rig.git('rev-parse', 'HEAD'));
  expect(await rig.git('log', '--oneline', 'main')).toMatch(/^[0-9a-f]+ first$/);
});

test('a plan with a cycle goes back to its planner with the cycle named', async () => {
  const bad = plan(
    planned('one', ['one.txt'], { needs: ['two'] }),
    planned('two', ['two.txt'], { needs: ['one'] }),
  );
  await rig.script({
    plan: [bad, plan(planned('one', ['one.txt']))],
    one: writes('one.txt', '1'),
    review: review(),
  });
  const result = final(await rig.mo(['do', 'circle', ...yes]));
  expect(result.nodes.find((node) => node.name === 'plan')).toMatchObject({
    state: 'verified',
    attempts: 2,
  });
  const prompt = await rig.read(`.agent-workspace/runs/${result.run_id}/nodes/plan/2/prompt.md`);
  expect(prompt).toMatch(/one → two → one|two → one → two/);
});

test('what a reviewer finds is mended by a fix node and reviewed again', async () => {
  await rig.script({
    plan: plan(planned('one', ['one.txt'])),
    one: writes('one.txt', 'draft\n'),
    review: review({ title: 'one.txt is only a draft', file: 'one.txt' }),
    'fix-1-1': writes('one.txt', 'final\n'),
    'review-2': review(),
  });
  const said = await rig.mo(['do', 'write it', ...yes]);
  const result = final(said);
  expect(said.exitCode).toBe(0);
  expect(result.cycles).toBe(2);
  expect(await rig.read('one.txt')).toBe('final\n');
});

test('findings that do not get fewer are escalated: exit code 3, escalation.md, and the answer goes on', async () => {
  const again = review({ title: 'still wrong', file: 'one.txt' });
  await rig.script({
    plan: plan(planned('one', ['one.txt'])),
    one: writes('one.txt', 'a\n'),
    review: again,
    'fix-1-1': writes('one.txt', 'b\n'),
    'review-2': again,
  });
  const said = await rig.mo(['do', 'please a picky reviewer', ...yes]);
  expect(said.exitCode).toBe(3);
  const { run_id: runId, state } = final(said);
  expect(state).toBe('needs');
  expect(await rig.read(`.agent-workspace/runs/${runId}/escalation.md`)).toContain('plateau');
  const resumed = await rig.mo(['resume', runId, '--answer', 'accept', '--json']);
  expect(resumed.exitCode).toBe(0);
  expect(final(resumed)).toMatchObject({ state: 'succeeded', landed: { how: 'merge' } });
});

test('a plan waits for a person who is not there: exit code 3, nothing written, and yes goes on', async () => {
  await rig.script({
    plan: plan(planned('one', ['one.txt'])),
    one: writes('one.txt', '1'),
    review: review(),
  });
  const said = await rig.mo(['do', 'ask first', '--provider', 'scripted', '--json']);
  expect(said.exitCode).toBe(3);
  const { run_id: runId } = final(said);
  expect(await rig.read(`.agent-workspace/runs/${runId}/plan.md`)).toContain('one.txt');
  const resumed = await rig.mo(['resume', runId, '--answer', 'yes', '--json']);
  expect(final(resumed)).toMatchObject({ state: 'succeeded' });
});

test('a goal ends as a pull request that a rollback closes; merged later, a rollback takes it back', async () => {
  await rig.script({
    plan: plan(planned('one', ['one.txt'])),
    one: writes('one.txt', '1\n'),
    review: review(),
  });
  const forge = await aForge(rig, { tools: ['gh'] });
  const env = { PATH: `${rig.folder}/bin:${rig.env['PATH']}` };
  const before = await rig.git('rev-parse', 'main');
  const said = await rig.mo(['do', 'count', ...yes, '--land', 'pr'], { env });
  const url = 'https://github.com/acme/shop/pull/1';
  const { run_id: runId, landed } = final(said);
  expect(landed).toMatchObject({ how: 'pr', target: 'main', url });
  expect((await rig.mo(['poll', runId, '--json'])).json).toMatchObject({
    landed: expect.stringContaining(url),
  });
  expect((await rig.mo(['list'])).stdout).toContain('pr main');
  const land = (...how: string[]) => rig.mo(['land', runId, '--how', ...how], { env });
  expect((await land('rollback')).exitCode).toBe(2);
  const closed = await land('rollback', '--confirm', '--json');
  expect(closed).toMatchObject({ exitCode: 0, json: { how: 'rollback', landed: true, url } });
  expect(await forge.pulls()).toMatchObject([{ state: 'CLOSED' }]);
  expect(await rig.git('rev-parse', 'main')).toBe(before);
  expect((await land('merge', '--confirm')).exitCode).toBe(0);
  const back = await land('rollback', '--confirm', '--json');
  expect(back).toMatchObject({ exitCode: 0, json: { how: 'rollback', commit: before } });
  expect((await land('rollback', '--confirm')).stdout).toContain('was taken back before');
  const again = await land('merge', '--target', 'nowhere', '--confirm');
  expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('nowhere') });
});

test('two goals on one repository at once both land', async () => {
  await rig.script({
    plan: plan(planned('one', ['*.txt'])),
    one: [
      { do: 'shell', command: 'echo x > $MO_ATTEMPT_NO-$(basename $(dirname $PWD)).txt' },
      done,
    ],
    review: review(),
  });
  const both = await Promise.all(
    ['first goal', 'second goal'].map((goal) => rig.mo(['do', goal, ...yes, '--land', 'branch'])),
  );
  expect(both.map((said) => said.exitCode)).toEqual([0, 0]);
  const ids = both.map((said) => final(said).run_id);
  expect(new Set(ids).size).toBe(2);
  for (const id of ids)
    expect(await rig.git('rev-parse', '--verify', `mo/${id}`)).toMatch(/^[0-9a-f]{40}$/);
});

test('a hook planted in the shared git folder is refused, and a target that went on is merged only when the sum passes', async () => {
  await rig.script({
    plan: plan(planned('planter', ['a.txt']), planned('honest', ['b.txt'])),
    planter: [
      [
        {
          do: 'shell',
          command: 'echo evil > "$(git rev-parse --git-common-dir)/hooks/post-checkout"',
        },
        ...writes('a.txt', 'a'),
      ],
      [
        { do: 'shell', command: 'rm "$(git rev-parse --git-common-dir)/hooks/post-checkout"' },
        ...writes('a.txt', 'a'),
      ],
      writes('a.txt', 'a'),
    ],
    honest: writes('b.txt', 'b'),
    review: review(),
  });
  const said = await rig.mo([
    'do',
    'plant',
    ...yes,
    '--land',
    'branch',
    '--gate',
    'test ! -f c.txt',
  ]);
  const { run_id: runId, nodes } = final(said);
  expect(nodes.find((node) => node.name === 'planter')?.attempts).toBe(3);
  await rig.write('c.txt', 'moved on');
  await rig.git('add', '-A');
  await rig.git('commit', '-qm', 'main went on');
  const before = await rig.git('rev-parse', 'main');
  const refused = await rig.mo(['land', runId, '--how', 'merge', '--confirm']);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stdout + refused.stderr).toContain('test ! -f c.txt');
  expect(await rig.git('rev-parse', 'main')).toBe(before);
});
