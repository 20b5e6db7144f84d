import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { knownModelTable } from '../../src/cli/known-model-table.ts';
import { modelTable } from '../../src/cli/model-table.ts';
import { knownModels } from '../../src/core/model-data.ts';
import { listKnownModels } from '../../src/operations/list-known-models.ts';
import { listModels } from '../../src/operations/list-models.ts';
import { route } from '../../src/operations/route.ts';
import { aProject } from './project.ts';

/** A project with a `claude` on the PATH that is signed in, and no `codex`. */
async function aProjectWithClaude() {
  const bin = await mkdtemp(join(tmpdir(), 'mo-'));
  onTestFinished(() => rm(bin, { recursive: true, force: true }));
  const says = '#!/bin/sh\ncase "$1" in --version) echo "2.1.300 (Claude Code)";; esac\n';
  await writeFile(join(bin, 'claude'), says, { mode: 0o755 });
  const { context } = await aProject();
  const profiles = {
    'a-profile-whose-name-is-longer-than-most-terminals-would-like-it-to-be': { model: 'opus' },
    other: { model: 'glm-5', env: { ANTHROPIC_AUTH_TOKEN: 'x' }, from: 'cc-switch' as const },
  };
  return {
    ...context,
    env: { PATH: bin, HOME: bin, ANTHROPIC_API_KEY: 'x' },
    settings: async () => ({
      settings: {
        providers: { claude: { profiles } },
        roles: { review: { prefer: ['claude'] } },
      },
      untrusted: null,
    }),
  };
}

test('the parts of a score are told for every worker, and add up to it', async () => {
  const { models } = await listModels(await aProjectWithClaude(), 'review');
  expect(models.map(({ worker }) => worker)).toContain('codex');
  for (const { scores } of models)
    for (const { score, why } of scores) {
      const points = why.map((line) => Number(/^[+-]?\d+(\.\d+)?(?= )/.exec(line)?.[0] ?? 0));
      expect(points.reduce((sum, one) => sum + one, 0)).toBeCloseTo(score);
    }
  expect(models.find(({ worker }) => worker === 'claude')?.scores[0]?.why).toEqual([
    'mo.yaml prefers claude for review',
    '+6 model data: which model its default is, is not known before it answers; counted as the middle',
    '0 track record: no attempt as review here yet',
    '+1 order: without a profile, provider 1 in the list',
  ]);
  const profile = models.find(({ model }) => model === 'opus')?.scores[0]?.why.join('\n');
  expect(profile).toMatch(
    /^\+9 model data \(.*\): claude-opus-5-5 9\/10 for review, as tier strong$/m,
  );
});

test('names that are to be typed are never cut', async () => {
  const context = await aProjectWithClaude();
  const name = 'claude:a-profile-whose-name-is-longer-than-most-terminals-would-like-it-to-be';
  expect(modelTable(await listModels(context, null), 60)).toMatch(new RegExp(`^${name}`, 'm'));
  const known = knownModelTable(await listKnownModels(context, null), 20).split('\n');
  for (const { model } of knownModels)
    expect(known.some((line) => line.startsWith(`${model} `))).toBe(true);
});

test('every model of the data is listed with scores, price, context, date, source and who has it', async () => {
  const list = await listKnownModels(await aProjectWithClaude(), 'documentation');
  expect(list.models).toHaveLength(knownModels.length);
  expect(list.models.find(({ model }) => model === 'claude-opus-5-5')).toMatchObject({
    tier: 'strong',
    scores: [{ role: 'documentation', score: 4 }],
    price: { input: 4, output: 20 },
    context_window: 1_000_000,
    source: 'anthropic',
    workers: ['claude:a-profile-whose-name-is-longer-than-most-terminals-would-like-it-to-be'],
  });
  expect(knownModelTable(list, 200)).toContain(`Facts of ${list.data}.`);
});

test('route says who was left out, and why', async () => {
  const { data, reading } = await route.call({ role: 'review' }, await aProjectWithClaude());
  expect(data['left_out']).toEqual([
    'claude:other: only used where it is named',
    'codex: not on the PATH',
  ]);
  expect(reading).toContain('left out: codex: not on the PATH');
});
