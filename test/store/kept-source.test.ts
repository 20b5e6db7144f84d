import { rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { changedSource, keepSource } from '../../src/store/kept-source.ts';
import { workspacePaths } from '../../src/store/paths.ts';
import { aProject } from '../operations/project.ts';

async function aKept(text: string) {
  const { folder } = await aProject();
  const paths = workspacePaths(folder);
  const file = join(folder, 'w.yaml');
  await writeFile(file, text);
  await keepSource(paths, 'r-1', { text: text.replace('\ufeff', ''), inputs: null, file });
  return { paths, file, changed: () => changedSource(paths, 'r-1') };
}

const later = () => new Date(systemClock.now() + 60_000);

test.each(['version: 1\n', '\ufeffversion: 1\n'])(
  'a file that stays as it was has not changed',
  async (text) => {
    const { file, changed } = await aKept(text);
    expect(await changed()).toBeNull();
    await utimes(file, later(), later());
    expect(await changed()).toBeNull();
  },
);

test.each(['version: 2\n', 'version: 1', 'version: 1\n# and much more\n', ''])(
  'a file that says something else is named: %j',
  async (text) => {
    const { file, changed } = await aKept('version: 1\n');
    await writeFile(file, text);
    await utimes(file, later(), later());
    expect(await changed()).toBe('w.yaml');
  },
);

test('a file that is gone, or a text that came from none, has not changed', async () => {
  const { paths, file, changed } = await aKept('version: 1\n');
  await rm(file);
  expect(await changed()).toBeNull();
  await keepSource(paths, 'r-2', { text: 'x', inputs: {}, file: null });
  expect(await changedSource(paths, 'r-2')).toBeNull();
});
