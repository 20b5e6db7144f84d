import Database from 'better-sqlite3';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';

const secret = 'opaque0token0without0any0look0of0a0key';
const callers = 'the0key0of0the0caller0itself0';

test('a profile of CC-Switch reaches its worker, and its key nothing else', async () => {
  const { rig, env } = await aRig();
  const run = ['run', 'say your key', '--role', 'architecture', '--json'];
  const said = await rig.mo([...run, '--provider', 'claude', '--profile', 'cc-other'], { env });
  expect(said.exitCode).toBe(0);
  expect(said.stdout + said.stderr).not.toContain(secret);
  const seen: unknown = JSON.parse(await readFile(join(rig.folder, 'seen.json'), 'utf8'));
  expect(seen).toMatchObject({
    env: { ANTHROPIC_AUTH_TOKEN: secret, ANTHROPIC_BASE_URL: 'https://models.example' },
  });
  expect(JSON.stringify(seen)).not.toContain(callers);
  expect(seen).toMatchObject({ args: expect.arrayContaining(['--model', 'glm-5']) });

  const kept = await everything(join(rig.repo, '.agent-workspace'));
  expect(kept.filter(([, content]) => content.includes(secret)).map(([name]) => name)).toEqual([]);
  const answer = kept.find(([name]) => name.endsWith('answer.md'))?.[1];
  expect(answer).toContain('my key is [redacted:profile]');
  const log = kept.find(([name]) => name.endsWith('stderr.txt'))?.[1];
  expect(log).toContain('using [redacted:profile]');
  for (const args of [['list'], ['output', '1'], ['output', '1', '--part', 'events'], ['health']]) {
    const { stdout, stderr } = await rig.mo(args, { env });
    expect(stdout + stderr).not.toContain(secret);
  }
});

test('without a word in the settings there are no such profiles', async () => {
  const { rig, env } = await aRig();
  const run = ['run', 'x', '--provider', 'claude', '--profile', 'cc-other'];
  const said = await rig.mo(run, { env: { ...env, MO_CC_SWITCH: '0' } });
  expect(said.exitCode).toBe(2);
  expect(said.stderr).toContain('has no profile cc-other');
});

test('a repository cannot take them into use before it is trusted', async () => {
  const { rig, env } = await aRig();
  await rig.write('mo.yaml', 'profiles: { cc_switch: true }\n');
  const run = ['run', 'x', '--provider', 'claude', '--profile', 'cc-other'];
  const said = await rig.mo(run, { env: { ...env, MO_CC_SWITCH: '' } });
  expect(said.stderr).toContain('has no profile cc-other');
  await rig.write('mo.yaml', 'providers: { claude: { profiles: { x: { from: cc-switch } } } }\n');
  expect((await rig.mo(['health'], { env })).stdout).toMatch(/unknown key|Unrecognized|from/);
});

test('mo models shows every worker with its score and why, in eighty columns', async () => {
  const { rig, env } = await aRig();
  await rig.mo(['run', 'x', '--role', 'review', '--provider', 'claude', '--json'], { env });
  await rig.write(
    'mo.yaml',
    'providers: { claude: { profiles: { deep: { model: opus } } } }\nroles: { review: { prefer: [claude] } }\n',
  );
  const table = await rig.mo(['models'], { env });
  const lines = table.stdout.split('\n');
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines[0]).toMatch(/^worker +model +plan +impl +rev +bulk +\$\/M +record +lane$/);
  expect(lines).toContainEqual(
    expect.stringMatching(/^claude:deep +opus +9 +9 +9\* +4 +4\/20 +– +open$/),
  );
  expect(lines).toContainEqual(
    expect.stringMatching(/^claude +its default +7 +7 +7\* +7 +– +1\/1 +open$/),
  );
  expect(lines).toContainEqual(expect.stringMatching(/^claude:cc-other +glm-5 +6 +6 +6 +6 /));
  expect(table.stdout).toContain('Left out: Official (claude): it has no key of its own');

  const one = await rig.mo(['models', '--role', 'review', '--json'], { env });
  expect(one.json).toMatchObject({
    roles: ['review'],
    models: expect.arrayContaining([
      expect.objectContaining({ worker: 'claude:cc-other', model: 'glm-5', from: 'cc-switch' }),
      expect.objectContaining({
        worker: 'claude',
        scores: [
          {
            role: 'review',
            score: 7,
            preferred: true,
            why: expect.arrayContaining([
              'mo.yaml prefers claude for review',
              '0 track record: 1 of the 3 attempts as review from which it counts',
            ]),
          },
        ],
        record: expect.objectContaining({ tried: 1, verified: 1, median_usd: 0.01 }),
      }),
    ]),
  });
  const why = await rig.mo(['models', '--role', 'review'], { env });
  expect(why.stdout).toMatch(/\n {6}\+9 model data \(.*\): claude-opus-5-5 9\/10 for review,/);
  expect(why.stdout).toContain('      from CC-Switch: only used where it is named');
  const off = await rig.mo(['models'], { env: { ...env, MO_CC_SWITCH: '' } });
  expect(off.stdout.replaceAll('\n', ' ')).toContain('`profiles: { cc_switch: true }`');
  for (const { stdout } of [table, one, why, off]) expect(stdout).not.toContain(secret);
});

test('a store that cannot be read is told by health, and everything else goes on', async () => {
  const { rig, env } = await aRig();
  await writeFile(join(rig.folder, '.cc-switch/cc-switch.db'), 'no database '.repeat(100));
  const health = await rig.mo(['health'], { env });
  expect(health.stdout).toContain('The profiles of CC-Switch in');
  expect(health.stdout).toContain('file is not a database');
  const said = await rig.mo(['run', 'x', '--provider', 'claude', '--json'], { env });
  expect(said.exitCode).toBe(0);
});

/** Claude Code as far as mo looks at it: it notes what it was given, and says its key wherever it can. */
const claude = `#!${process.execPath}
const { writeFileSync, readFileSync } = require('node:fs');
const args = process.argv.slice(2);
if (args[0] === '--version') { console.log('2.1.329 (Claude Code)'); process.exit(0); }
if (args[0] === 'auth') { console.log('{"loggedIn":true}'); process.exit(0); }
readFileSync(0);
writeFileSync(process.env.HOME + '/seen.json', JSON.stringify({ args, env: process.env }));
const key = process.env.ANTHROPIC_AUTH_TOKEN ?? 'none';
const session_id = args[args.indexOf('--session-id') + 1];
const say = (line) => console.log(JSON.stringify({ session_id, ...line }));
console.error('using ' + key);
const text = 'my key is ' + key;
say({ type: 'system', subtype: 'init', model: 'glm-5', tools: [] });
say({ type: 'assistant', message: { id: 'm', role: 'assistant', model: 'glm-5', content: [
  { type: 'text', text },
  { type: 'tool_use', id: 't', name: 'Bash', input: { command: 'curl -H ' + key } } ] } });
say({ type: 'user', message: { role: 'user', content: [
  { type: 'tool_result', tool_use_id: 't', content: text } ] } });
const handoff = { status: 'pass', summary: text, findings: [] };
say({ type: 'result', subtype: 'success', is_error: false, num_turns: 1, total_cost_usd: 0.01,
  result: text + ' ' + JSON.stringify(handoff), structured_output: handoff, permission_denials: [],
  usage: { input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 },
  modelUsage: {} });
`;

async function aRig(): Promise<{ rig: Rig; env: Record<string, string> }> {
  const rig = await makeRig();
  onTestFinished(rig.end);
  const bin = join(rig.folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'claude'), claude, { mode: 0o755 });
  await mkdir(join(rig.folder, '.cc-switch'));
  const database = new Database(join(rig.folder, '.cc-switch/cc-switch.db'));
  database.exec(
    `CREATE TABLE providers (id TEXT, app_type TEXT, name TEXT, settings_config TEXT,
       is_current BOOLEAN, PRIMARY KEY (id, app_type))`,
  );
  const config = {
    env: {
      ANTHROPIC_BASE_URL: 'https://models.example',
      ANTHROPIC_AUTH_TOKEN: secret,
      ANTHROPIC_MODEL: 'glm-5',
    },
  };
  database
    .prepare('INSERT INTO providers VALUES (?, ?, ?, ?, ?)')
    .run('1', 'claude', 'Other', JSON.stringify(config), 0);
  database.prepare("INSERT INTO providers VALUES ('2', 'claude', 'Official', '{}', 1)").run();
  database.close();
  const env = {
    PATH: `${bin}:${rig.env['PATH'] ?? ''}`,
    MO_CC_SWITCH: '1',
    ANTHROPIC_API_KEY: callers,
  };
  return { rig, env };
}

async function everything(folder: string): Promise<[string, string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }): Promise<[string, string]> => [
        join(parentPath, name),
        await readFile(join(parentPath, name), 'latin1'),
      ]),
  );
}
