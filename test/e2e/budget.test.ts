import { expect, onTestFinished, test } from 'vitest';
import { done, final, makeRig, plan, planned, review, type Rig } from './rig.ts';

async function aRig(): Promise<Rig> {
  const rig = await makeRig();
  onTestFinished(rig.end);
  return rig;
}

const costs = (usd: number) => ({ do: 'usage', usd, input: 10, cached: 0, output: 10 });
const write = (path: string) => [costs(0.4), { do: 'write', path, text: 'x' }, done];

test('a goal whose budget is spent ends with exit code 4, and goes on under a larger one', async () => {
  const rig = await aRig();
  await rig.script({
    plan: plan(planned('one', ['one.txt']), planned('two', ['two.txt'], { needs: ['one'] })),
    one: write('one.txt'),
    two: write('two.txt'),
    'review*': review(),
  });
  const wish = ['do', 'two files', '--yes', '--provider', 'scripted', '--json'];
  const spent = await rig.mo([...wish, '--budget-usd', '0.4']);
  expect(spent.exitCode).toBe(4);
  const { run_id: runId, ...before } = final(spent);
  expect(before.state).toBe('exhausted');

  const tooLittle = await rig.mo(['resume', runId, '--budget-usd', '0.3']);
  expect(tooLittle).toMatchObject({ exitCode: 2 });
  expect(tooLittle.stderr).toContain('Give it more than $0.50');
  expect((await rig.mo(['resume', runId])).exitCode).toBe(2);

  const resumed = await rig.mo(['resume', runId, '--budget-usd', '5', '--json']);
  expect(resumed.exitCode).toBe(0);
  const after = final(resumed);
  expect(after.state).toBe('succeeded');
  expect(after.nodes.find(({ name }) => name === 'plan')?.attempts).toBe(1);
  expect(await rig.git('ls-tree', '--name-only', 'main')).toContain('two.txt');
});

test('one worker that runs into its budget ends with exit code 4, and goes on with more', async () => {
  const rig = await aRig();
  const over = [{ do: 'fail', class: 'budget', message: 'out of money' }];
  await rig.script({ implementation: [over, [done]] });
  const run = ['run', 'x', '--provider', 'scripted', '--budget-usd', '1', '--json'];
  const spent = await rig.mo(run);
  expect(spent.exitCode).toBe(4);
  const runId = final(spent).run_id;
  const resumed = await rig.mo(['resume', runId, '--budget-usd', '3', '--json']);
  expect(resumed.exitCode).toBe(0);
});
