import Database from 'better-sqlite3';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ccSwitchProfiles } from '../../src/profiles/cc-switch.ts';

const claudeConfig = {
  env: {
    ANTHROPIC_BASE_URL: 'https://models.example/anthropic',
    ANTHROPIC_AUTH_TOKEN: 'opaque-token-1',
    ANTHROPIC_MODEL: 'glm-5',
    API_TIMEOUT_MS: 3_000_000,
    PATH: '/somewhere/else',
  },
  permissions: { allow: ['Bash'] },
};

const codexToml = `
model_provider = "custom"
model = "gpt-6-sol"
model_reasoning_effort = "high"

[model_providers.custom]
name = "Custom"
base_url = "https://models.example/v1"
wire_api = "responses"
requires_openai_auth = true

[mcp_servers.other]
command = "x"
`;
const codexConfig = { auth: { OPENAI_API_KEY: 'opaque-key-1' }, config: codexToml };

type Row = { id: string; app_type: string; name: string; config: unknown };

test('a provider for Claude Code becomes a profile with the environment Claude Code reads', async () => {
  const home = await aStore([
    { id: 'a', app_type: 'claude', name: 'My Models', config: claudeConfig },
  ]);
  expect(await ccSwitchProfiles(home)).toEqual({
    profiles: [
      {
        provider: 'claude',
        name: 'cc-my-models',
        title: 'My Models',
        model: 'glm-5',
        effort: null,
        env: {
          ANTHROPIC_BASE_URL: 'https://models.example/anthropic',
          ANTHROPIC_AUTH_TOKEN: 'opaque-token-1',
          ANTHROPIC_MODEL: 'glm-5',
          API_TIMEOUT_MS: '3000000',
        },
        config: {},
      },
    ],
    left: [],
    problem: null,
  });
});

test('of a provider for Codex only the key is in the environment, and no key in the configuration', async () => {
  const home = await aStore([{ id: 'c', app_type: 'codex', name: '自定义', config: codexConfig }]);
  const { profiles } = await ccSwitchProfiles(home);
  expect(profiles).toMatchObject([
    {
      provider: 'codex',
      name: 'cc-c',
      model: 'gpt-6-sol',
      effort: 'high',
      env: { MO_PROFILE_KEY: 'opaque-key-1' },
    },
  ]);
  expect(profiles[0]?.config).toMatchObject({
    model_provider: 'mo-profile',
    'model_providers.mo-profile.base_url': 'https://models.example/v1',
    'model_providers.mo-profile.env_key': 'MO_PROFILE_KEY',
  });
  expect(JSON.stringify(profiles[0]?.config)).not.toContain('opaque-key-1');
});

test('what has no key of its own or more than mo carries over is left, and why is said', async () => {
  const toml = (more: string): string => `${codexToml.split('[mcp_servers')[0] ?? ''}${more}`;
  const home = await aStore([
    { id: '1', app_type: 'claude', name: 'Official', config: { env: {} } },
    { id: '2', app_type: 'claude', name: 'Helper', config: { apiKeyHelper: 'get-key' } },
    { id: '3', app_type: 'codex', name: 'Login', config: { auth: { tokens: {} }, config: '' } },
    {
      id: '4',
      app_type: 'codex',
      name: 'Headers',
      config: { ...codexConfig, config: toml('http_headers = { Authorization = "opaque-2" }') },
    },
    {
      id: '5',
      app_type: 'codex',
      name: 'In the address',
      config: {
        ...codexConfig,
        config: codexToml.replace('https://', 'https://me:opaque-3@'),
      },
    },
    { id: '6', app_type: 'codex', name: 'Broken', config: { ...codexConfig, config: 'a = = b' } },
    { id: '7', app_type: 'gemini', name: 'Somebody else', config: {} },
  ]);
  const { profiles, left } = await ccSwitchProfiles(home);
  expect(profiles).toEqual([]);
  expect(left.map(({ title, why }) => `${title}: ${why}`)).toEqual([
    expect.stringMatching(/^Official: it has no key of its own/),
    'Helper: it gets its key from a command (apiKeyHelper)',
    expect.stringMatching(/^Login: it has no key of its own/),
    'Headers: its model provider has settings that mo does not carry over (http_headers)',
    'In the address: its model provider has no plain address (base_url)',
    'Broken: its config.toml does not read',
  ]);
  expect(JSON.stringify(left)).not.toMatch(/opaque/);
});

test('two of one name are told apart', async () => {
  const home = await aStore(
    ['a', 'b'].map((id) => ({ id, app_type: 'claude', name: 'Same', config: claudeConfig })),
  );
  const { profiles } = await ccSwitchProfiles(home);
  expect(profiles.map(({ name }) => name)).toEqual(['cc-same', 'cc-same-2']);
});

test('the file of versions before the database is read where there is none', async () => {
  const { folder, env } = await aHome();
  const group = {
    current: 'x',
    providers: { x: { id: 'x', name: 'Old', settingsConfig: claudeConfig } },
  };
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({ version: 2, claude: group, mcp: {} }),
  );
  expect(await ccSwitchProfiles(env)).toMatchObject({
    profiles: [{ name: 'cc-old', env: { ANTHROPIC_AUTH_TOKEN: 'opaque-token-1' } }],
    problem: null,
  });
});

test('the file of the first versions, which knew only Claude Code, is read', async () => {
  const { folder, env } = await aHome();
  const providers = { x: { id: 'x', name: 'Old', settingsConfig: claudeConfig } };
  await writeFile(join(folder, 'config.json'), JSON.stringify({ providers, current: 'x' }));
  expect(await ccSwitchProfiles(env)).toMatchObject({
    profiles: [
      { provider: 'claude', name: 'cc-old', env: { ANTHROPIC_AUTH_TOKEN: 'opaque-token-1' } },
    ],
    problem: null,
  });
});

test('a file of a form that nobody knows is a problem', async () => {
  const { folder, env } = await aHome();
  await writeFile(join(folder, 'config.json'), '{"accounts": {"x": "opaque-key-9"}}');
  const { problem } = await ccSwitchProfiles(env);
  expect(problem?.message).toContain('its form is not known to this version of mo');
  expect(problem?.message).not.toMatch(/opaque/);
});

test('a place that is no absolute path is told, and no other store is read for it', async () => {
  const { env } = await aHome();
  await mkdir(join(env.HOME, '.cc-switch'));
  const providers = { x: { id: 'x', name: 'Old', settingsConfig: claudeConfig } };
  await writeFile(join(env.HOME, '.cc-switch', 'config.json'), JSON.stringify({ providers }));
  expect((await ccSwitchProfiles({ HOME: env.HOME })).profiles).toHaveLength(1);
  const { profiles, problem } = await ccSwitchProfiles({ ...env, CCSWITCH_HOME: 'switch' });
  expect(profiles).toEqual([]);
  expect(problem?.message).toMatch(/^CCSWITCH_HOME: switch is no absolute path/);
});

test('without CC-Switch there is nothing, and that is no problem', async () => {
  const { env } = await aHome();
  expect(await ccSwitchProfiles(env)).toEqual({ profiles: [], left: [], problem: null });
});

test.each([
  [
    'is damaged',
    async (file: string) => writeFile(file, 'not a database, and long enough to be read as one'),
  ],
  ['has another schema', async (file: string) => made(file, 'CREATE TABLE other (id TEXT)')],
])('a store that %s is a problem and no error', async (_, make) => {
  const { folder, env } = await aHome();
  await make(join(folder, 'cc-switch.db'));
  const found = await ccSwitchProfiles(env);
  expect(found).toMatchObject({ profiles: [], problem: { code: 'profiles-unreadable' } });
});

test('what cannot be parsed is not quoted: it may hold a key', async () => {
  const { folder, env } = await aHome();
  await writeFile(join(folder, 'config.json'), '{"claude": opaque-key-9');
  const { problem } = await ccSwitchProfiles(env);
  expect(problem?.message).toMatch(/it is not JSON/);
  expect(problem?.message).not.toMatch(/opaque/);
});

test.each(['delete', 'wal'])(
  'a store with journal mode %s is neither changed nor given company',
  async (mode) => {
    const env = await aStore(
      [{ id: 'a', app_type: 'claude', name: 'One', config: claudeConfig }],
      mode,
    );
    const folder = env.CCSWITCH_HOME;
    const file = join(folder, 'cc-switch.db');
    await chmod(folder, 0o755);
    const before = await stat(file);
    expect((await ccSwitchProfiles(env)).profiles).toHaveLength(1);
    expect(await readdir(folder)).toEqual(['cc-switch.db']);
    expect(await stat(file)).toMatchObject({ mtimeMs: before.mtimeMs, size: before.size });
  },
);

test('what its own program has just written is seen while it has the store open', async () => {
  const env = await aStore([], 'wal');
  const theirs = new Database(join(env.CCSWITCH_HOME, 'cc-switch.db'));
  onTestFinished(() => void theirs.close());
  insert(theirs, { id: 'a', app_type: 'claude', name: 'New', config: claudeConfig });
  expect((await ccSwitchProfiles(env)).profiles.map(({ name }) => name)).toEqual(['cc-new']);
});

async function aHome(): Promise<{ folder: string; env: { HOME: string; CCSWITCH_HOME: string } }> {
  const home = await mkdtemp(join(tmpdir(), 'mo-cc-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const folder = join(home, 'switch');
  await mkdir(folder);
  return { folder, env: { HOME: home, CCSWITCH_HOME: folder } };
}

async function aStore(rows: readonly Row[], mode = 'delete') {
  const { folder, env } = await aHome();
  const file = join(folder, 'cc-switch.db');
  made(
    file,
    `CREATE TABLE providers (id TEXT NOT NULL, app_type TEXT NOT NULL, name TEXT NOT NULL,
       settings_config TEXT NOT NULL, category TEXT, sort_index INTEGER,
       is_current BOOLEAN NOT NULL DEFAULT 0, PRIMARY KEY (id, app_type))`,
    rows,
    mode,
  );
  return env;
}

function made(file: string, schema: string, rows: readonly Row[] = [], mode = 'delete'): void {
  const database = new Database(file);
  database.pragma(`journal_mode = ${mode}`);
  database.exec(schema);
  for (const row of rows) insert(database, row);
  database.close();
}

function insert(database: Database.Database, { config, ...row }: Row): void {
  database
    .prepare(
      'INSERT INTO providers (id, app_type, name, settings_config) VALUES (@id, @app_type, @name, @config)',
    )
    .run({ ...row, config: JSON.stringify(config) });
}
