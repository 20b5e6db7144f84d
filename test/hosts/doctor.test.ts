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

const finding = z.object({ host: z.string().nullable(), what: z.string(), fix: z.string() });
const examination = z.object({ ok: z.boolean(), findings: z.array(finding) });

/** Every finding as `what → fix`. */
async function doctor(...flags: string[]): Promise<string[]> {
  const { stdout, exitCode } = await user.mo('doctor', '--json', ...flags);
  const { ok, findings } = examination.parse(JSON.parse(stdout));
  expect({ ok, exitCode }).toEqual(ok ? { ok, exitCode: 0 } : { ok, exitCode: 5 });
  expect(ok).toBe(findings.length === 0);
  return findings.map(({ what, fix }) => `${what} → ${fix}`);
}

async function replaceInConfig(before: RegExp, after: string): Promise<void> {
  const text = await user.read('.codex/config.toml');
  expect(text).toMatch(before);
  await user.write('.codex/config.toml', text.replace(before, after));
}

test('a host without its program and without mo', async () => {
  const found = await doctor();
  expect(found).toEqual([
    expect.stringMatching(/^codex is not on the PATH\. → Install it with `npm install/),
    'mo is in no host yet. → mo install',
  ]);
});

test('a host without mo has no tick, one without a version no gap, and what is of no host stands behind them', async () => {
  await user.write('.claude.json', '{}');
  await aProgram('claude', '2.1.329 (Claude Code)', []);
  await writeFile(join(user.bin, 'codex'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const { stdout } = await user.mo('doctor');
  const [, ...lines] = stdout.replaceAll(`${user.bin}/`, '').split('\n');
  expect(lines).toEqual([
    '· Claude Code 2.1.329 claude · signed in: unknown · mo: not installed',
    '✗ Codex codex · signed in: unknown · mo: not installed',
    expect.stringContaining('  ! codex did not say its version'),
    expect.stringContaining('    Run `codex --version`'),
    '! mo is in no host yet.',
    '  mo install',
    '2 findings.',
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

test('who uses one host alone is not told of the other one', async () => {
  await user.write('.claude.json', '{}');
  await aProgram('claude', '2.1.329 (Claude Code)', []);
  expect(await doctor('--host', 'claude')).toEqual([
    'mo is not in Claude Code yet. → mo install --host claude',
  ]);
  await rm(join(user.home, '.codex'), { recursive: true });
  expect(await doctor('--host', 'codex')).toEqual([
    'Codex is not here. → Install it, then: mo install --host codex',
  ]);
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

test.each([['/home/me/bin/mo-wrapper'], ['/usr/bin/mo']])(
  'an entry of its own that was set to %s is written again by what the doctor says',
  async (command) => {
    await user.mo('install', '--yes');
    await replaceInConfig(/command = ".*"/, `command = "${command}"`);
    await replaceInConfig(/args = \[.*\]/, 'args = ["serve"]');
    expect(await doctor()).toContainEqual(
      expect.stringMatching(
        /command of server mo is not what mo wrote.* → mo install --host codex writes it again$/,
      ),
    );
    expect((await user.mo('install', '--yes', '--host', 'codex')).exitCode).toBe(0);
    expect(await doctor()).toEqual([expect.stringContaining('codex is not on the PATH')]);
  },
);

test.each(['motion-sensor', '/usr/local/bin/mo', 'mo'])(
  "somebody else's server %s under the name mo is said to be that, with what replaces it",
  async (command) => {
    await user.write('.codex/config.toml', `[mcp_servers.mo]\ncommand = "${command}"\n`);
    expect((await user.mo('install', '--yes')).exitCode).toBe(2);
    expect(await doctor()).toEqual([
      expect.stringContaining('codex is not on the PATH'),
      expect.stringMatching(
        new RegExp(
          `a server named mo is there that is not this one: ${command}\\. → mo install --host codex --force$`,
        ),
      ),
    ]);
    expect((await user.mo('install', '--yes', '--host', 'codex', '--force')).exitCode).toBe(0);
    expect(await doctor()).toEqual([expect.stringContaining('codex is not on the PATH')]);
  },
);

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

test('a Codex that starts nothing with its configuration is quoted, by the doctor and by health', async () => {
  const said = 'Error loading configuration: config.toml:1:19: unknown variant `zzz`';
  const program = `#!/bin/sh
case "$*" in
  --version) echo codex-cli 0.169.0 ;;
  'login status') echo '${said}' >&2; exit 1 ;;
  *) exit 1 ;;
esac
`;
  await writeFile(join(user.bin, 'codex'), program, { mode: 0o755 });
  expect(await doctor()).toContain(`codex starts nothing: ${said}. → Mend what it names.`);
  const health = JSON.parse((await user.mo('health', '--json')).stdout);
  expect(health.problems).toContainEqual({
    what: `codex starts nothing: ${said}.`,
    fix: 'Mend what it names.',
  });
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

/** A program that answers `plugin list --json` in the form of the real one, and refuses all else. */
async function aProgram(name: 'claude' | 'codex', version: string, list: unknown): Promise<void> {
  const script = `#!${process.execPath}
const said = { '--version': ${JSON.stringify(version)}, 'plugin list --json': ${JSON.stringify(JSON.stringify(list))} };
const answer = said[process.argv.slice(2).join(' ')];
if (answer === undefined) process.exit(1);
console.log(answer);
`;
  await writeFile(join(user.bin, name), script, { mode: 0o755 });
}

/** As Claude Code 2.1.329 lists it. */
function claudePlugin(id: string, command: readonly string[], enabled = true) {
  const [first, ...args] = command;
  const mcpServers = { mo: { type: 'stdio', command: first, args } };
  const installPath = `/home/me/.claude/plugins/cache/${id}/0.1.0`;
  return { id, version: '0.1.0', scope: 'user', enabled, installPath, mcpServers };
}

/** As Codex 0.169.0 lists it. */
function codexPlugin(marketplaceName: string, enabled = true) {
  const source = { source: 'local', path: `/srv/${marketplaceName}/plugin` };
  const base = { name: 'mo', marketplaceName, version: '0.1.0', installed: true, enabled, source };
  return { pluginId: `mo@${marketplaceName}`, ...base, installPolicy: 'AVAILABLE' };
}

const npx = ['npx', '-y', 'mo-mcp@^0.1.0', 'serve'];

test.each(['mo-mcp', 'mo-local', 'team-tools'])(
  'a plugin of marketplace %s beside the server is said, with what takes it out',
  async (marketplace) => {
    await user.write('.claude.json', '{}');
    await user.mo('install', '--yes');
    await aProgram('claude', '2.1.329 (Claude Code)', [claudePlugin(`mo@${marketplace}`, npx)]);
    const installed = [codexPlugin(marketplace)];
    await aProgram('codex', 'codex-cli 0.169.0', { installed, available: [] });
    const found = await doctor();
    for (const [title, removal] of [
      ['Claude Code', 'claude plugin uninstall'],
      ['Codex', 'codex plugin remove'],
    ])
      expect(found).toContainEqual(
        `mo is in ${title} twice, as a server and plugin mo@${marketplace}: every tool is there double. → Keep what mo install wrote: ${removal} mo@${marketplace}`,
      );
  },
);

test('two plugins of mo from two marketplaces are one too many', async () => {
  await user.write('.claude.json', '{}');
  const plugins = ['mo@mo-mcp', 'mo@mo-local'].map((id) => claudePlugin(id, npx));
  await aProgram('claude', '2.1.329 (Claude Code)', plugins);
  expect(await doctor()).toContainEqual(
    'mo is in Claude Code twice, as plugin mo@mo-mcp and plugin mo@mo-local: every tool is there double. → Keep one, and take the others out: claude plugin uninstall mo@mo-mcp; claude plugin uninstall mo@mo-local',
  );
});

test("a plugin that is off, and somebody else's of the same name, are none of mo's", async () => {
  await user.write('.claude.json', '{}');
  await aProgram('claude', '2.1.329 (Claude Code)', [
    claudePlugin('mo@mo-mcp', npx, false),
    claudePlugin('mo@films', ['node', '/srv/movies.mjs']),
  ]);
  const installed = [codexPlugin('mo-mcp', false)];
  await aProgram('codex', 'codex-cli 0.169.0', { installed, available: [] });
  expect(await doctor()).toContain('mo is in no host yet. → mo install');
});

test('a plugin that is not reached is not answered with a second mo', async () => {
  await user.write('.claude.json', '{}');
  await aProgram('claude', '2.1.329 (Claude Code)', [claudePlugin('mo@mo-mcp', npx)]);
  expect(await doctor()).toContainEqual(
    expect.stringMatching(
      /Claude Code does not reach mo.* → Put mo in another way: claude plugin uninstall mo@mo-mcp, then: mo install$/,
    ),
  );
});
