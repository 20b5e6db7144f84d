import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Shown } from '../../src/core/shown.ts';
import { health } from '../../src/operations/health.ts';
import { chooseRoute } from '../../src/operations/choose-route.ts';
import { listModels } from '../../src/operations/list-models.ts';
import { providersAsShown } from '../../src/operations/providers-as-shown.ts';
import { readHealth } from '../../src/operations/read-health.ts';
import { keepShown, programAt, readShown, shownFile } from '../../src/platform/shown-file.ts';
import { codex } from '../../src/providers/codex/index.ts';
import { trials as hostTrials } from '../../src/selftest/trials/trials.ts';
import { aNode } from '../core/build.ts';
import { aProject } from './project.ts';

/** A `codex` on the PATH that was shown to write although it may only read. */
async function aTriedCodex(
  trials: Shown['trials'] = {
    'read-only': { ok: false, ability: 'readOnly', said: 'It wrote a file.' },
  },
) {
  const folder = await mkdtemp(join(tmpdir(), 'mo-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'codex');
  await writeFile(file, '#!/bin/sh\n', { mode: 0o755 });
  const env = { PATH: folder, XDG_DATA_HOME: join(folder, 'data') };
  const program = programAt(file);
  if (program === null) throw new Error('no program');
  const record = { provider: 'codex', version: '1.0.0', ...program, at: 1, trials };
  await keepShown([record], env);
  return { env, file, record };
}

test('what the installed CLI was shown not to have is taken from its provider', async () => {
  const { env } = await aTriedCodex();
  const [provider] = await providersAsShown([codex], env);
  expect(provider?.abilities).toMatchObject({ readOnly: false, resume: true });
  expect(provider?.lacks).toEqual([
    { ability: 'readOnly', version: '1.0.0', said: 'It wrote a file.' },
  ]);
});

test('health says what a CLI is not used for, and that the spend of one is not known', async () => {
  const { env } = await aTriedCodex({
    usage: { ok: false, ability: 'usage', said: 'No tokens were told.' },
  });
  const { context, folder } = await aProject();
  context.env = { ...env, HOME: folder };
  context.providers = async () => providersAsShown([codex], env);
  const { data } = await health.call({}, context);
  expect(data['problems']).toContainEqual({
    what: 'codex 1.0.0 was tried and gets no node under a budget, and what it uses elsewhere is not known: No tokens were told.',
    fix: 'Install another version, then run `mo selftest --hosts`.',
  });
});

test('a CLI that did not start is told as not usable, with the fix, and gets no node', async () => {
  const { env, file, record } = await aTriedCodex();
  await writeFile(file, '#!/bin/sh\ntest "$1" = login || echo codex-cli 1.0.0\n');
  const program = programAt(file);
  const ability = hostTrials.find(({ name }) => name === 'start')?.ability ?? null;
  const start = { ok: false, ability, said: 'Exit code 1.' };
  await keepShown([{ ...record, ...program, trials: { start } }], env);
  const { context } = await aProject();
  const asked = { ...context, env, providers: () => providersAsShown([codex], env) };
  const { providers, problems } = await readHealth(asked);
  expect(providers).toMatchObject([{ name: 'codex', version: '1.0.0', usable: false }]);
  expect(problems).toContainEqual({
    what: 'codex 1.0.0 was tried and did not start, so it gets no node: Exit code 1.',
    fix: 'Run `mo selftest --hosts` to try it again, or install another version.',
  });
  await expect(chooseRoute({ ...aNode('n'), write: true }, asked)).rejects.toThrow(
    'codex: codex 1.0.0 was tried and did not start, so it gets no node: Exit code 1',
  );
  const { models } = await listModels(asked, null);
  expect(models.map(({ lane }) => lane)).toEqual([
    'codex 1.0.0 was tried and did not start, so it gets no node: Exit code 1',
  ]);
});

test('another program in its place has shown nothing', async () => {
  const { env, file } = await aTriedCodex();
  await writeFile(file, '#!/bin/sh\n# newer\n');
  expect(await providersAsShown([codex], env)).toEqual([codex]);
});

test('the same program tried again stands in the place of the first time', async () => {
  const { env, record } = await aTriedCodex();
  await keepShown([{ ...record, at: 2 }], env);
  expect((await readShown(env)).map(({ at }) => at)).toEqual([2]);
});

test('a trial that was not made again keeps its answer', async () => {
  const { env, record } = await aTriedCodex();
  const start = { ok: true, ability: null, said: 'fine' };
  await keepShown([{ ...record, at: 2, trials: { start } }], env);
  expect(await readShown(env)).toMatchObject([{ at: 2, trials: { ...record.trials, start } }]);
});

test('a file that is damaged has shown nothing, and is no error', async () => {
  const { env } = await aTriedCodex();
  await writeFile(shownFile(env), '{"version":1,');
  expect(await providersAsShown([codex], env)).toEqual([codex]);
});
