import { expect, onTestFinished, test } from 'vitest';
import { startConversation, type Conversation } from '../../src/platform/conversation.ts';

/** A child that answers each line with what `answer`, a function body over `message`, returns. */
function talkTo(answer: string, timeoutMs = 60_000): Conversation {
  const program = `
    const lines = require('node:readline').createInterface({ input: process.stdin });
    const answer = (message) => { ${answer} };
    lines.on('line', (line) => {
      const said = answer(JSON.parse(line));
      if (said !== undefined) console.log(typeof said === 'string' ? said : JSON.stringify(said));
    });
  `;
  const talk = startConversation(process.execPath, ['-e', program], {
    cwd: process.cwd(),
    env: process.env,
    timeoutMs,
  });
  onTestFinished(() => talk.end());
  return talk;
}

test('each request gets its own answer, whatever else is said between', async () => {
  const talk = talkTo(`
    if (message.id === undefined) return { method: 'heard', params: message.method };
    console.log('no JSON'); console.log('{"method":"between"}');
    console.log(JSON.stringify({ id: message.id, method: 'ask', params: {} }));
    return { id: message.id, result: message.params.map((n) => n + 1) };
  `);
  talk.tell('hello');
  expect(await Promise.all([talk.ask('add', [1]), talk.ask('add', [2])])).toEqual([[2], [3]]);
});

test('an error keeps its code', async () => {
  const talk = talkTo(`return { id: message.id, error: { code: -32601, message: 'unknown' } };`);
  await expect(talk.ask('x', {})).rejects.toMatchObject({ code: -32_601, message: 'unknown' });
});

test('a process that ends early, or is none, is told to everybody who waits and who asks later', async () => {
  const talk = talkTo('process.exit(3)');
  const early = { code: null, message: 'it ended early (exit code 3)' };
  await expect(talk.ask('x', {})).rejects.toMatchObject(early);
  await expect(talk.ask('y', {})).rejects.toMatchObject(early);
  const none = startConversation('/missing/program', [], { cwd: '/', env: {}, timeoutMs: 60_000 });
  await expect(none.ask('x', {})).rejects.toMatchObject({
    code: null,
    message: 'it cannot be started (ENOENT)',
  });
  await none.end();
});

test('one that never answers is ended after its time', async () => {
  const talk = talkTo('return undefined', 50);
  await expect(talk.ask('x', {})).rejects.toMatchObject({ message: 'no answer within 0.05 s' });
});
