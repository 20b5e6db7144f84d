import { expect, test } from 'vitest';
import { send } from '../../src/operations/send.ts';
import { aNode, aWriter } from '../core/build.ts';
import { until, writer } from '../engine/house.ts';
import { anOwnedRun } from './owned-run.ts';

const good = { status: 'pass', summary: 'done', changed_files: [], commands: [] };
const done = { do: 'handoff', value: good };
const hangs = [{ do: 'shell', command: 'touch ../../../../../half' }, { do: 'hang' }];

test('text reaches the only agent at work, which goes on knowing it', async () => {
  const { house, runId, context, settled } = await anOwnedRun(
    aWriter('one', { provider: 'scripted' }),
    aWriter('two', { provider: 'scripted', needs: ['one'] }),
  );
  await house.script({ one: [hangs, [done]], two: [[done]] });
  const over = settled();
  await until(() => house.exists('half'));
  expect(await send.run({ run_id: runId, text: 'use tabs' }, context)).toEqual({
    run_id: runId,
    state: 'running',
    node: 'one',
    what: 'interrupted',
    done: true,
    next: `poll {run_id: "${runId}"}`,
  });
  expect(await over).toBe('succeeded');
  const text = 'too late';
  await expect(send.run({ run_id: runId, text }, context)).rejects.toThrow('Name the node');
  await expect(send.run({ run_id: runId, node: 'one', text }, context)).rejects.toThrow(
    `Node one of ${runId} is verified; that needs one that waits or is at work. To have it done again with your words`,
  );
});

test('an answer goes to what the run asks', async () => {
  const { runId, context, settled } = await anOwnedRun(
    aNode('accept', { kind: 'approval', task: 'Release?' }),
    writer('one', 'true', { needs: ['accept'] }),
  );
  expect(await settled()).toBe('needs');
  const answer = (decision: string, over = {}) =>
    send.run({ run_id: runId, answer: { decision }, ...over }, context);
  await expect(answer('perhaps')).rejects.toThrow('Answer with one of: yes, no');
  expect(await answer('yes', { node: 'accept' })).toMatchObject({
    node: 'accept',
    what: 'answered',
    done: true,
  });
  expect(await settled()).toBe('succeeded');
  await expect(answer('yes')).rejects.toThrow('waiting for an answer');
});

test('what is not one thing to say is answered with what to send', async () => {
  const { runId, context } = await anOwnedRun(
    aWriter('one', { provider: 'scripted' }),
    writer('two', 'true'),
  );
  const sent = (input: object) => send.run({ run_id: runId, ...input }, context);
  await expect(sent({})).rejects.toThrow('send takes text or answer, not neither.');
  const both = { text: 'a', answer: { decision: 'yes' } };
  await expect(sent(both)).rejects.toThrow('not both');
  await expect(sent({ text: ' ' })).rejects.toThrow('text is empty');
  await expect(sent({ node: 'oen', text: 'a' })).rejects.toThrow('one');
  await expect(sent({ node: 'two', text: 'a' })).rejects.toThrow('has a worker');
  expect(await sent({ text: 'a' })).toMatchObject({ node: 'one', what: 'kept' });
});
