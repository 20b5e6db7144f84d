import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MoError } from '../../src/core/problem.ts';
import { fillFromEnvironment, loadSettings, trustProject } from '../../src/platform/config.ts';
import { isTrusted } from '../../src/platform/trust.ts';

let folder: string;
let root: string;
let env: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mo-'));
  root = join(folder, 'a project');
  env = { HOME: folder };
  await mkdir(root);
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

test('without any file there are no settings and nothing to trust', async () => {
  expect(await loadSettings({ root, env })).toEqual({ settings: {}, sources: [], untrusted: null });
});

test('environment wins over the project, the project over the user, key by key', async () => {
  await userSettings('land: branch\nlimits: { concurrency: 2, usd_per_day: 5 }\nkeep_raw: true');
  await projectSettings('land: merge\nlimits: { concurrency: 3 }');
  const loaded = await loadSettings({ root, env: { ...env, MO_CONCURRENCY: '7' } });
  expect(loaded.settings).toEqual({
    land: 'merge',
    limits: { concurrency: 7, usd_per_day: 5 },
    keep_raw: true,
  });
  expect(loaded.sources).toEqual([
    'environment',
    join(root, 'mo.yaml'),
    join(folder, '.config/mo/config.yaml'),
  ]);
});

test('XDG folders are honoured', async () => {
  await write(join(folder, 'xdg/mo/config.yaml'), 'land: none');
  const place = { root, env: { ...env, XDG_CONFIG_HOME: join(folder, 'xdg') } };
  expect((await loadSettings(place)).settings).toEqual({ land: 'none' });
});

test('durations may be words', async () => {
  await projectSettings('retries: { max: 3, backoff: { base: 30s, factor: 2, max: 10m } }');
  expect((await loadSettings({ root, env })).settings.retries?.backoff).toEqual({
    base: 30_000,
    factor: 2,
    max: 600_000,
  });
});

test('a file of comments says nothing', async () => {
  await projectSettings('# nothing yet\n');
  expect((await loadSettings({ root, env })).settings).toEqual({});
});

test('every mistake is told with its line and what was meant', async () => {
  await projectSettings(
    'version: 1\nlimits:\n  concurency: 3\nland: maybe\nroles: { testr: {} }\n',
  );
  const problem = await refusal(loadSettings({ root, env }));
  expect(problem).toContain(
    'line 3, column 3: limits.concurency: is no known key. Did you mean concurrency?',
  );
  expect(problem).toContain('line 4, column 7: land: "maybe" is not possible here.');
  expect(problem).toContain('line 5, column 10: roles.testr');
  expect(problem).toContain(join(root, 'mo.yaml'));
});

test('a file that is no YAML is refused with its line', async () => {
  await projectSettings('a: [1\nb: 2');
  expect(await refusal(loadSettings({ root, env }))).toMatch(/line \d/);
});

test.each(['/etc', '../x', '~/x', 'a/../../b', 'C:\\x'])(
  'a worktree may not link %s from outside the project',
  async (path) => {
    await projectSettings(`worktrees: { link: [${JSON.stringify(path)}] }`);
    expect(await refusal(loadSettings({ root, env }))).toContain('must lie inside the project');
  },
);

test.each([
  ['MO_CONCURRENCY', 'many', 'expected a whole number'],
  ['MO_CONCURRENCY', '1000', 'MO_CONCURRENCY'],
  ['MO_LAND', 'brunch', 'Did you mean branch?'],
  ['MO_KEEP_RAW', 'perhaps', 'expected true or false'],
])('%s=%s is refused by name', async (name, value, message) => {
  expect(await refusal(loadSettings({ root, env: { ...env, [name]: value } }))).toContain(message);
});

test('an empty variable is as good as none', async () => {
  expect((await loadSettings({ root, env: { ...env, MO_LAND: '' } })).settings).toEqual({});
});

describe('trust', () => {
  const risky = [
    'land: merge',
    'gates: { commands: ["npm test"], secrets: true, syntax: { .vue: "vue-check {file}", .svg: false } }',
    'worktrees: { setup: ["npm ci"], link: [node_modules] }',
    'providers: { claude: { model: haiku, env: { ANTHROPIC_BASE_URL: "http://else.where" }, profiles: { p: { env: { A: "${KEY}" } } } } }',
  ].join('\n');

  test("what a repository's file would run, or put into a worker's environment, does not count by itself", async () => {
    await projectSettings(risky);
    expect(await loadSettings({ root, env })).toEqual({
      settings: {
        land: 'merge',
        gates: { secrets: true, syntax: { '.svg': false } },
        worktrees: { link: ['node_modules'] },
        providers: { claude: { model: 'haiku', profiles: { p: {} } } },
      },
      sources: [join(root, 'mo.yaml')],
      untrusted: {
        file: join(root, 'mo.yaml'),
        commands: [
          'npm test',
          'vue-check {file}',
          'npm ci',
          'claude: ANTHROPIC_BASE_URL=http://else.where',
          'claude:p: A=${KEY}',
        ],
      },
    });
  });

  test('once trusted it counts, references still unfilled', async () => {
    await projectSettings(risky);
    expect((await trustProject({ root, env })).commands).toHaveLength(5);
    const { settings, untrusted } = await loadSettings({ root, env: { ...env, KEY: 'secret' } });
    expect(untrusted).toBeNull();
    expect(settings.gates?.commands).toEqual(['npm test']);
    expect(settings.gates?.syntax).toEqual({ '.vue': 'vue-check {file}', '.svg': false });
    expect(settings.providers?.['claude']?.profiles?.['p']?.env).toEqual({ A: '${KEY}' });
  });

  test('a changed file asks again, and so does the same text elsewhere', async () => {
    await projectSettings(risky);
    await trustProject({ root, env });
    await projectSettings(`${risky}\n`);
    expect((await loadSettings({ root, env })).untrusted).not.toBeNull();
    const copy = join(folder, 'copy/mo.yaml');
    await write(copy, risky);
    expect(await isTrusted(copy, risky, env)).toBe(false);
  });

  test('trusting one file leaves the others trusted', async () => {
    const other = join(folder, 'other');
    await write(join(other, 'mo.yaml'), risky);
    await projectSettings(risky);
    await trustProject({ root: other, env });
    await trustProject({ root, env });
    expect((await loadSettings({ root: other, env })).untrusted).toBeNull();
  });

  test("the user's own commands need no trust, and stay when the project's do not count", async () => {
    await userSettings('gates: { commands: ["make check"] }');
    await projectSettings(risky);
    const { settings } = await loadSettings({ root, env });
    expect(settings.gates).toEqual({
      commands: ['make check'],
      secrets: true,
      syntax: { '.svg': false },
    });
  });

  test('a file without commands needs no trust', async () => {
    await projectSettings(
      'land: none\ngates: { syntax: false }\nproviders: { codex: { model: gpt-5.5 } }',
    );
    expect((await loadSettings({ root, env })).untrusted).toBeNull();
  });

  test('what is trusted is kept outside the repository, and a damaged list trusts nothing', async () => {
    await projectSettings(risky);
    await trustProject({ root, env });
    const store = join(folder, '.local/share/mo/trust.json');
    expect(await readFile(store, 'utf8')).toContain('mo.yaml');
    await writeFile(store, '{"version": 1, "files": ');
    expect((await loadSettings({ root, env })).untrusted).not.toBeNull();
  });

  test('a project without a file has nothing to trust', async () => {
    expect(await refusal(trustProject({ root, env }))).toContain('nothing to trust');
  });
});

test('references are filled from the environment, once, and nothing else is', () => {
  const values = { KEY: 'Bearer ${TOKEN}', PLAIN: '$TOKEN ${no such}', NONE: '${MISSING}' };
  expect(fillFromEnvironment(values, { TOKEN: '${OTHER}', OTHER: 'x' })).toEqual({
    KEY: 'Bearer ${OTHER}',
    PLAIN: '$TOKEN ${no such}',
    NONE: '',
  });
});

async function projectSettings(text: string): Promise<void> {
  await write(join(root, 'mo.yaml'), text);
}

async function userSettings(text: string): Promise<void> {
  await write(join(folder, '.config/mo/config.yaml'), text);
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
}

async function refusal(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof MoError) return error.message;
    throw error;
  }
  throw new Error('was not refused');
}
