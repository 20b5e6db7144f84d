import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { checkpoint as checkpointShape, type Checkpoint } from '../../src/core/worker.ts';
import { openStream, type Stream } from '../../src/supervisor/stream.ts';
import { plainProvider } from './plain-provider.ts';
import { readEvents } from './rig.ts';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function makeFiles() {
  const folder = await mkdtemp(join(tmpdir(), 'mo-'));
  folders.push(folder);
  return { raw: join(folder, 'raw.ndjson'), events: join(folder, 'events.ndjson') };
}

async function open(
  files: { raw: string; events: string },
  checkpoint: Checkpoint | null = null,
): Promise<Stream> {
  return openStream({
    ...files,
    provider: plainProvider(),
    checkpoint,
    redact: (text) => text.replaceAll('secret', '[redacted]'),
    now: () => 1_700_000_000_000,
  });
}

async function readAll(stream: Stream): Promise<void> {
  while ((await stream.read()) > 0);
}

const say = (text: string): string => `${JSON.stringify({ type: 'text', text })}\n`;

test('a checkpoint in the middle of a line goes on at the start of that line', async () => {
  const files = await makeFiles();
  await appendFile(files.raw, say('one') + say('two').slice(0, 12));
  const first = await open(files);
  await readAll(first);
  const checkpoint = checkpointShape.parse(JSON.parse(JSON.stringify(first.checkpoint())));
  await first.close();
  await appendFile(files.raw, say('two').slice(12));
  const second = await open(files, checkpoint);
  await readAll(second);
  expect(second.summary.events).toBe(2);
  await second.close();
  expect(await readEvents(files.events)).toMatchObject([{ text: 'one' }, { text: 'two' }]);
});

test('a checkpoint is a picture, not a window', async () => {
  const files = await makeFiles();
  await appendFile(files.raw, say('one'));
  const stream = await open(files);
  await readAll(stream);
  const checkpoint = stream.checkpoint();
  await appendFile(files.raw, say('two'));
  await readAll(stream);
  await stream.close();
  expect(checkpoint.summary).toMatchObject({ events: 1, lastAction: 'one' });
});

test('reading from any checkpoint leaves the same bytes as reading without a break', async () => {
  const files = await makeFiles();
  const lines = Array.from({ length: 50 }, (_, index) => say(`line ${index} with a secret`));
  await appendFile(files.raw, lines.join(''));
  const whole = await open(files);
  await readAll(whole);
  await whole.close();
  const expected = await readFile(files.events, 'utf8');
  expect(expected).not.toContain('secret');

  const broken = await makeFiles();
  let checkpoint: Checkpoint | null = null;
  for (let at = 0; at < lines.join('').length; at += 333) {
    await appendFile(broken.raw, lines.join('').slice(at, at + 333));
    const stream = await open(broken, checkpoint);
    await readAll(stream);
    // Every second owner dies before it can keep its checkpoint.
    if (at % 2 === 0) checkpoint = stream.checkpoint();
    await stream.close();
  }
  const last = await open(broken, checkpoint);
  await readAll(last);
  await last.finish();
  await last.close();
  expect(await readFile(broken.events, 'utf8')).toBe(expected);
});

test('blank lines are no events', async () => {
  const files = await makeFiles();
  await appendFile(files.raw, `\n\r\n  \n${say('one')}\n`);
  const stream = await open(files);
  await readAll(stream);
  await stream.close();
  expect(await readEvents(files.events)).toHaveLength(1);
});
