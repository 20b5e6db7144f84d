import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readTextFile } from '../../src/platform/read-text-file.ts';

async function aFile(content: string | Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mo-text-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'file');
  await writeFile(file, content);
  return file;
}

test.each<[string, string | Buffer, string]>([
  ['as it is', 'a: ä\r\n', 'a: ä\r\n'],
  ['without its byte order mark', '\ufeffa: 1', 'a: 1'],
  ['empty', '', ''],
  ['up to the limit and a byte more', 'x'.repeat(100), 'x'.repeat(51)],
  ['cut within a letter', 'x'.repeat(50) + 'ä', `${'x'.repeat(50)}\ufffd`],
])('a text is read %s', async (_name, content, text) => {
  expect(await readTextFile(await aFile(content), 50)).toEqual({ text });
});

test.each<[string, Buffer, number, number]>([
  ['another encoding', Buffer.from('a: 1\nb: caf\u00e9\n', 'latin1'), 2, 7],
  ['two bytes a letter', Buffer.from('version: 1', 'utf16le'), 1, 2],
  ['an image', Buffer.from('\u0089PNG\r\n\u0000', 'latin1'), 2, 1],
  ['an end that is cut', Buffer.from('ä ä').subarray(0, 4), 1, 3],
])('%s is refused where it is no text any more', async (_name, content, line, column) => {
  expect(await readTextFile(await aFile(content), 1_000)).toMatchObject({
    error: { line, column, what: expect.stringContaining('this is no text') },
  });
});

test('what is no file says why, and what has no end is left at the limit', async () => {
  expect(await readTextFile(tmpdir(), 10)).toEqual({ reason: 'it is a folder' });
  expect(await readTextFile('/nowhere/at/all', 10)).toEqual({ reason: 'there is no such file' });
  expect(await readTextFile(`${await aFile('x')}/y`, 10)).toEqual({
    reason: 'a part of its path is a file',
  });
  expect(await readTextFile('/dev/zero', 10)).toEqual({ text: '\0'.repeat(11) });
});
