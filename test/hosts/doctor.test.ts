import { execa } from 'execa';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeTemporaryUser, type TemporaryUser } from './temporary-user.ts';

let user: TemporaryUser;

beforeEach(async () => {
  user = await makeTemporaryUser();
  await user.write('.codex/config.toml', 'model = "x"\n');
});

afterEach(() => user.remove());

const finding = z.object({ what: z.string(), fix: z.string() });
const examination = z.object({
  ok: z.boolean(),
  findings: z.array(finding),
  hosts: z.array(z.object({ host: z.string(), mo: z.string(), findings: z.array(finding) })),
});

/** Every finding as `what → fix`. */
async function doctor(): Promise<string[]> {
  const { stdout, exitCode } = await user.mo('doctor', '--json');
  const { ok, findings, hosts } = examination.parse(JSON.parse(stdout));
  expect({ ok, exitCode }).toEqual(ok ? { ok, exitCode: 0 } : { ok, exitCode: 5 });
  return [...findings, ...hosts.flatMap((host) => host.findings)].map(
    ({ what, fix }) => `${what} → ${fix}`,
  );
}

async function replaceInConfig(before: RegExp, after: string): Promise<void> {
  const text = await user.read('.codex/config.toml');
  expect(text).toMatch(before);
  await user.write('.codex/config.toml', text.replace(before, after));
}

test('a host without its program and without mo', async () => {
  const found = await doctor();
  expect(found).toEqual([
    'mo is in no host yet. → mo install',
    expect.stringMatching(/^codex is not on the PATH\. → Install it with `npm install/),
  ]);
});

test('no host at all', async () => {
  await rm(join(user.home, '.codex'), { recursive: true });
  expect(await doctor()).toEqual([
    expect.stringContaining('Neither Claude Code nor Codex is here'),
  ]);
});

test('what was installed is fine but for the program that is missing', async () => {
  await user.mo('install', '--yes');
  expect(await doctor()).toEqual([expect.stringContaining('codex is not on the PATH')]);
  const { stdout } = await user.mo('doctor');
  expect(stdout).toContain('✗ Codex');
  expect(stdout).toContain('mo: server');
  expect(stdout).toContain('1 finding.');
});

test('a Node that is gone', async () => {
  await user.mo('install', '--yes');
  await replaceInConfig(/command = ".*"/, 'command = "/opt/node-18/bin/node"');
  expect(await doctor()).toEqual(
    expect.arrayContaining([
      expect.stringMatching(
        /\/opt\/node-18\/bin\/node does not exist any more.* → mo install --host codex$/,
      ),
      expect.stringContaining('command of server mo is not what mo wrote'),
    ]),
  );
  await user.mo('install', '--yes');
  expect(await doctor()).toHaveLength(1);
});

test('a script that is gone', async () => {
  await user.mo('install', '--yes');
  await replaceInConfig(/args = \[".*?"/, 'args = ["/opt/old/dist/mo.mjs"');
  expect(await doctor()).toContainEqual(
    expect.stringMatching(/\/opt\/old\/dist\/mo\.mjs does not exist any more.* → mo install/),
  );
});

test('the script of another mo', async () => {
  const old = join(user.home, 'old');
  await mkdir(join(old, 'dist'), { recursive: true });
  await writeFile(join(old, 'dist', 'mo.mjs'), '');
  await writeFile(join(old, 'package.json'), '{"name": "mo-mcp", "version": "0.0.9"}');
  await user.mo('install', '--yes');
  await replaceInConfig(/args = \[".*?"/, `args = ["${join(old, 'dist', 'mo.mjs')}"`);
  expect(await doctor()).toContainEqual(
    expect.stringMatching(/^The host starts mo 0\.0\.9; this is .* → mo update$/),
  );
});

test('an entry that is gone, and a skill that is gone or edited', async () => {
  await user.mo('install', '--yes');
  await user.write('.codex/config.toml', 'model = "x"\n');
  await user.write('.agents/skills/orchestrate/SKILL.md', 'mine\n');
  expect(await doctor()).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/config\.toml has no server mo any more\. → mo install --host codex/),
      expect.stringMatching(/orchestrate was changed since mo wrote it\. → .*mo update --force/),
    ]),
  );
  await rm(join(user.home, '.agents'), { recursive: true });
  expect(await doctor()).toContainEqual(expect.stringMatching(/orchestrate is gone\. → mo update/));
});

test('a configuration that does not parse, with its line', async () => {
  await user.mo('install', '--yes');
  await user.write('.codex/config.toml', 'a = 1\nb =\n');
  expect(await doctor()).toContainEqual(expect.stringMatching(/config\.toml:2 cannot be used/));
});

test('a workspace that git does not ignore', async () => {
  await execa('git', ['init', '-q', user.project]);
  const commit = [
    '-c',
    'user.name=a',
    '-c',
    'user.email=a@b',
    'commit',
    '-q',
    '--allow-empty',
    '-m',
    'x',
  ];
  await execa('git', commit, { cwd: user.project });
  await mkdir(join(user.project, '.agent-workspace'));
  await writeFile(join(user.project, '.agent-workspace', 'mo.db'), '');
  expect(await doctor()).toContainEqual(
    expect.stringMatching(/git does not ignore .*\.agent-workspace.* → echo '\*' > /),
  );
  await writeFile(join(user.project, '.agent-workspace', '.gitignore'), '*\n');
  expect((await doctor()).join('\n')).not.toContain('git does not ignore');
});

test('a native addon that is not there', async () => {
  await rm(join(user.package, 'node_modules'));
  expect(await doctor()).toContainEqual(
    expect.stringMatching(/better-sqlite3.* → Run `npm rebuild better-sqlite3`/),
  );
});

test('a record that is none is said, and nothing is guessed from it', async () => {
  await user.mo('install', '--yes');
  await user.write('.local/share/mo/install.json', '{');
  expect(await doctor()).toContainEqual(expect.stringContaining('install.json cannot be used'));
  const { exitCode, stderr } = await user.mo('uninstall');
  expect(exitCode).toBe(5);
  expect(stderr).toContain('install.json cannot be used');
});
