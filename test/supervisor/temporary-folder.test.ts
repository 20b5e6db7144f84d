import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { attemptFiles, writeCommand } from '../../src/supervisor/attempt-files.ts';
import { removeLeftTemporary, temporaryFolderOf } from '../../src/supervisor/temporary-folder.ts';

/** An attempt whose record says that its temp folder is `name` in a folder of the test; null: the name it really has. */
async function anAttempt(name: string | null): Promise<{ attempt: string; temporary: string }> {
  const root = await mkdtemp(join(tmpdir(), 'mo-test-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const attempt = join(root, 'attempt');
  const temporary = name === null ? temporaryFolderOf(attempt, root) : join(root, name);
  await mkdir(attempt);
  await mkdir(join(temporary, 'cache'), { recursive: true });
  const record = { argv: [], folder: root, env: [], marker: 'm', temporary, startedAt: 1 };
  await writeCommand(attemptFiles(attempt), record);
  return { attempt, temporary };
}

test('the temp folder of an attempt is found by its record and removed', async () => {
  const { attempt, temporary } = await anAttempt(null);
  await removeLeftTemporary(attempt);
  expect(existsSync(temporary)).toBe(false);
});

test('a record that names another folder removes nothing', async () => {
  const { attempt, temporary } = await anAttempt('precious');
  await removeLeftTemporary(attempt);
  expect(existsSync(join(temporary, 'cache'))).toBe(true);
});
