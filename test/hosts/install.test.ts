import { chmod, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CommandCall } from '../../src/cli/command-call.ts';
import { uninstallHosts } from '../../src/cli/uninstall-hosts.ts';
import { bareContext } from '../mcp/bare-context.ts';
import { makeTemporaryUser, skillText, type TemporaryUser } from './temporary-user.ts';

let user: TemporaryUser;

beforeEach(async () => {
  user = await makeTemporaryUser();
});

afterEach(() => user.remove());

const claudeText =
  '{\r\n\t"numStartups": 3,\r\n\t"mcpServers": {\r\n\t\t"other": {"command":  "true"}\r\n\t}\r\n}';
const codexText = `# mine
model = "gpt-5.5" # the one

[mcp_servers.other] # keep
command = "true"

# about the screen
[tui]
theme = "dark"
`;

async function bothHosts(): Promise<void> {
  await user.write('.claude.json', claudeText);
  await chmod(join(user.home, '.claude.json'), 0o640);
  await user.write('.codex/config.toml', codexText);
}

test('with no host on the machine it says which it looked for, and touches nothing', async () => {
  const { exitCode, stderr } = await user.mo('install', '--yes');
  expect(exitCode).toBe(5);
  expect(stderr).toContain('Claude Code and Codex are not on this machine');
  expect(await user.picture()).toEqual({});
});

test('both hosts without their programs: the files are edited, and come back byte for byte', async () => {
  await bothHosts();
  const before = await user.picture();
  const { exitCode, stdout } = await user.mo('install', '--yes');
  expect(stdout).toContain('Installed.');
  expect(exitCode).toBe(0);
  const script = join(user.package, 'dist', 'mo.mjs');
  const claude = await user.read('.claude.json');
  expect(JSON.parse(claude)).toEqual({
    numStartups: 3,
    mcpServers: {
      other: { command: 'true' },
      mo: { type: 'stdio', command: process.execPath, args: [script, 'serve'] },
    },
  });
  expect(claude).toContain('"other": {"command":  "true"},\r\n\t\t"mo": {\r\n\t\t\t"type"');
  const codex = await user.read('.codex/config.toml');
  expect(codex.replace(/\n\[mcp_servers\.mo\]\n(.+\n)+/, '')).toBe(codexText);
  expect(parse(codex)).toMatchObject({
    mcp_servers: {
      mo: {
        command: process.execPath,
        args: [script, 'serve'],
        env_vars: expect.arrayContaining(['CODEX_HOME', 'ANTHROPIC_API_KEY', 'MO_LAND']),
        tool_timeout_sec: 120,
        startup_timeout_sec: 20,
      },
    },
  });
  const after = await user.picture();
  expect(after['.claude.json']?.slice(0, 3)).toBe('640');
  for (const folder of ['.claude', '.agents']) {
    expect(await user.read(`${folder}/skills/orchestrate/SKILL.md`)).toBe(skillText);
  }
  const gone = await user.mo('uninstall');
  expect(gone.exitCode).toBe(0);
  expect(await user.picture()).toEqual(before);
});

test('a second time nothing is changed, and it says so', async () => {
  await bothHosts();
  await user.mo('install', '--yes');
  const before = await user.picture();
  const { stdout, exitCode } = await user.mo('install', '--yes');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('nothing was changed');
  expect(await user.picture()).toEqual(before);
});

test('a dry run shows every file and its lines, and writes none', async () => {
  await bothHosts();
  const before = await user.picture();
  const { stdout, exitCode } = await user.mo('install', '--dry-run');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('~/.claude.json');
  expect(stdout).toContain('~/.claude/skills/orchestrate');
  expect(stdout).toContain('~/.codex/config.toml');
  expect(stdout).toContain('+ \t\t"mo": {');
  expect(stdout).toContain('+ [mcp_servers.mo]');
  expect(stdout).toMatch(/\+ env_vars = \[\d\d names, see --json\]\n/);
  expect(stdout).toContain('+ SKILL.md');
  expect(await user.picture()).toEqual(before);
  const { hosts } = JSON.parse((await user.mo('install', '--dry-run', '--json')).stdout);
  expect(JSON.stringify(hosts)).toContain('CLAUDE_CODE_OAUTH_TOKEN');
});

test('after others have changed a file, only what is ours is taken out', async () => {
  await bothHosts();
  await user.mo('install', '--yes');
  const claude = await user.read('.claude.json');
  await user.write('.claude.json', claude.replace('"numStartups": 3', '"numStartups": 4'));
  await user.write('.codex/config.toml', `${await user.read('.codex/config.toml')}# later\n`);
  const { stdout } = await user.mo('uninstall');
  expect(stdout).toContain("only what is mo's was taken out");
  expect(await user.read('.claude.json')).toBe(
    claudeText.replace('"numStartups": 3', '"numStartups": 4'),
  );
  expect(await user.read('.codex/config.toml')).toBe(`${codexText}# later\n`);
  expect(Object.keys(await user.picture()).toSorted()).toEqual([
    '.claude.json',
    '.codex',
    '.codex/config.toml',
  ]);
});

test.each([
  ['.claude.json', '{\n  "a": 1,\n  // mine\n}', 3],
  ['.claude.json', '{\n  "a": 1\n', 3],
  ['.codex/config.toml', 'a = 1\nb = \n', 2],
  ['.codex/config.toml', 'a = 1\nmcp_servers = 3\n', 2],
  ['.codex/config.toml', '[[mcp_servers]]\nb = 1\n', 1],
  ['.codex/config.toml', '[mcp_servers]\n# mo\nmo = true\n', 3],
  ['.claude.json', '{\n  "mcpServers": 3\n}', 2],
])(
  '%s that cannot be used is refused with its line, and so is all the rest',
  async (file, text, line) => {
    await bothHosts();
    await user.write(file, text);
    const before = await user.picture();
    const { exitCode, stderr } = await user.mo('install', '--yes');
    expect(exitCode).toBe(5);
    expect(stderr).toContain(`${join(user.home, file)}:${line} cannot be used`);
    expect(await user.picture()).toEqual(before);
  },
);

test('of two files that cannot be used both are said', async () => {
  await user.write('.claude.json', '{');
  await user.write('.codex/config.toml', 'b = \n');
  const { exitCode, stderr } = await user.mo('install', '--yes');
  expect(exitCode).toBe(5);
  expect(stderr).toContain(`${join(user.home, '.claude.json')}:1 cannot be used`);
  expect(stderr).toContain(`${join(user.home, '.codex/config.toml')}:1 cannot be used`);
});

test('where the second host refuses, it says that the first one is done, and both can be mended', async () => {
  await bothHosts();
  const before = await user.picture();
  const program = `#!${process.execPath}
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  const error = { code: -32600, message: 'policy forbids servers' };
  if (id !== undefined) console.log(JSON.stringify(method === 'initialize' ? { id, result: {} } : { id, error }));
});
`;
  await writeFile(join(user.bin, 'codex'), program, { mode: 0o755 });
  const { exitCode, stderr } = await user.mo('install', '--yes');
  expect(exitCode).toBe(5);
  expect(stderr).toContain('Claude Code is done and stays, Codex is not: Codex did not take it');
  expect(stderr).toContain('policy forbids servers');
  expect(await user.read('.codex/config.toml')).toBe(codexText);
  await user.mo('uninstall', '--yes');
  expect(await user.picture()).toEqual(before);
});

test('a read-only file is left alone', async () => {
  await bothHosts();
  await chmod(join(user.home, '.codex/config.toml'), 0o444);
  const before = await user.picture();
  const { exitCode, stderr } = await user.mo('install', '--yes');
  expect(exitCode).toBe(5);
  expect(stderr).toContain('config.toml is read-only');
  expect(await user.picture()).toEqual(before);
});

test('links of a dotfile repository stay links, and what they lead to is written', async () => {
  await user.write('dotfiles/claude.json', claudeText);
  await user.write('dotfiles/codex.toml', codexText);
  await mkdir(join(user.home, '.codex'));
  await mkdir(join(user.home, 'dotfiles', 'skills'));
  await mkdir(join(user.home, '.claude'));
  await symlink('dotfiles/claude.json', join(user.home, '.claude.json'));
  await symlink('../dotfiles/codex.toml', join(user.home, '.codex/config.toml'));
  await symlink('../dotfiles/skills', join(user.home, '.claude/skills'));
  const before = await user.picture();
  await user.mo('install', '--yes');
  const after = await user.picture();
  expect(after['.claude.json']).toBe('link dotfiles/claude.json');
  expect(after['.codex/config.toml']).toBe('link ../dotfiles/codex.toml');
  expect(after['dotfiles/claude.json']).toContain('mo.mjs');
  expect(after['dotfiles/codex.toml']).toContain('mo.mjs');
  expect(after['dotfiles/skills/orchestrate/SKILL.md']).toContain('orchestrate');
  await user.mo('uninstall');
  expect(await user.picture()).toEqual(before);
});

test("the user's own keys in the entry stay, now and later", async () => {
  await user.write(
    '.codex/config.toml',
    `[mcp_servers.mo]
command = "mo"
args = ["serve"]
env_vars = ["GLM_KEY"]
enabled_tools = ["run"] # only this
tool_timeout_sec = 900

[mcp_servers.mo.tools.run]
approval_mode = "approve"
`,
  );
  const before = await user.picture();
  await user.mo('install', '--yes');
  const text = await user.read('.codex/config.toml');
  expect(text).toContain('enabled_tools = ["run"] # only this\ntool_timeout_sec = 900\n');
  expect(text).toContain('approval_mode = "approve"');
  expect(text).toContain('"GLM_KEY"');
  await user.mo('uninstall');
  expect(await user.picture()).toEqual(before);
});

test('a server of that name that is not mo is refused, replaced when forced, and put back', async () => {
  await user.write('.claude.json', '{"mcpServers": {"mo": {"command": "motion-sensor"}}}');
  const before = await user.picture();
  const refused = await user.mo('install', '--yes');
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain('motion-sensor');
  expect(refused.stderr).toContain('(a later `mo uninstall` brings yours back)');
  expect(await user.picture()).toEqual(before);
  await user.mo('install', '--yes', '--force');
  expect(await user.read('.claude.json')).toContain('mo.mjs');
  await user.mo('uninstall');
  expect(await user.picture()).toEqual(before);
});

test('an entry of its own that was changed is written again, and what was there before mo comes back', async () => {
  await user.write('.claude.json', '{"mcpServers": {"mo": {"command": "motion-sensor"}}}');
  await user.mo('install', '--yes', '--force');
  const text = await user.read('.claude.json');
  await user.write('.claude.json', '{"mcpServers": {"mo": {"command": "mo-wrapper"}}}');
  expect((await user.mo('update', '--yes')).exitCode).toBe(0);
  expect(JSON.parse(await user.read('.claude.json'))).toEqual(JSON.parse(text));
  await user.mo('uninstall');
  const left = { mcpServers: { mo: { command: 'motion-sensor' } } };
  expect(JSON.parse(await user.read('.claude.json'))).toEqual(left);
});

test('a skill that was edited is neither replaced nor deleted unless that is forced', async () => {
  await user.write('.codex/config.toml', codexText);
  await user.mo('install', '--yes');
  await user.write('.agents/skills/orchestrate/SKILL.md', 'mine\n');
  const refused = await user.mo('install', '--yes');
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain('was changed since mo wrote it');
  const kept = await user.mo('uninstall');
  expect(kept.stdout).toContain('edited since, so it stays');
  expect(await user.read('.agents/skills/orchestrate/SKILL.md')).toBe('mine\n');
  expect(await user.read('.codex/config.toml')).toBe(codexText);
  await user.mo('uninstall', '--force');
  expect(Object.keys(await user.picture()).toSorted()).toEqual(['.codex', '.codex/config.toml']);
});

test('a skill of somebody else is moved aside when that is forced, and put back', async () => {
  await user.write('.codex/config.toml', codexText);
  await user.write('.agents/skills/orchestrate/SKILL.md', 'of another\n');
  const before = await user.picture();
  expect((await user.mo('install', '--yes')).exitCode).toBe(2);
  await user.mo('install', '--yes', '--force');
  expect(await user.read('.agents/skills/orchestrate/SKILL.md')).toBe(skillText);
  await user.mo('uninstall');
  expect(await user.picture()).toEqual(before);
});

test('tools run unasked and memory files are touched only when that was asked for', async () => {
  await bothHosts();
  await user.write('.claude/settings.json', '{\n  "permissions": { "allow": ["Bash(ls)"] }\n}\n');
  await user.write('.claude/CLAUDE.md', 'Be brief.\n');
  const before = await user.picture();
  await user.mo('install', '--yes');
  const plain = await user.picture();
  expect(plain['.claude/settings.json']).toBe(before['.claude/settings.json']);
  expect(plain['.claude/CLAUDE.md']).toBe(before['.claude/CLAUDE.md']);
  expect(plain['.codex/config.toml']).not.toContain('approval_mode');

  const { exitCode } = await user.mo(
    'install',
    '--yes',
    '--snippet',
    '--approve',
    'run,run,workflow_run',
  );
  expect(exitCode).toBe(0);
  expect(JSON.parse(await user.read('.claude/settings.json'))).toEqual({
    permissions: {
      allow: [
        'Bash(ls)',
        'mcp__mo__run',
        'mcp__plugin_mo_mo__run',
        'mcp__mo__workflow_run',
        'mcp__plugin_mo_mo__workflow_run',
      ],
    },
  });
  expect(await user.read('.codex/config.toml')).toContain(
    '[mcp_servers.mo.tools.workflow_run]\napproval_mode = "approve"\n',
  );
  expect(await user.read('.claude/CLAUDE.md')).toMatch(
    /^Be brief\.\n\n<!-- mo: begin -->\n[^]+<!-- mo: end -->\n$/,
  );
  expect(await user.read('.codex/AGENTS.md')).toContain('<!-- mo: begin -->');
  await user.mo('uninstall');
  expect(await user.picture()).toEqual(before);
});

test('what is in a memory file beside the marks survives a later change', async () => {
  await user.write('.codex/AGENTS.md', 'Be brief.\n');
  await user.mo('install', '--yes', '--snippet');
  await user.write('.codex/AGENTS.md', `${await user.read('.codex/AGENTS.md')}Be kind.\n`);
  await user.mo('uninstall');
  expect(await user.read('.codex/AGENTS.md')).toBe('Be brief.\nBe kind.\n');
});

test.each([
  [['--approve', 'workflow_rum'], 'Did you mean workflow_run?'],
  [['--approve', 'run', '--scope', 'project'], 'for each person to say'],
  [['--mode', 'plugin', '--scope', 'project'], 'Leave out --mode plugin or --scope project'],
  [['--host', 'cursor'], 'claude, codex, all'],
])('%j is wrong use', async (flags, said) => {
  await bothHosts();
  const { exitCode, stderr } = await user.mo('install', '--yes', ...flags);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(said);
});

test('one host of two is left out', async () => {
  await bothHosts();
  await user.mo('install', '--yes', '--host', 'codex');
  expect(await user.read('.claude.json')).toBe(claudeText);
  const missing = await user.mo('install', '--yes', '--host', 'claude', '--mode', 'plugin');
  expect(missing.exitCode).toBe(5);
  expect(missing.stderr).toContain('The program of Claude Code is not on the PATH');
});

const enabled = '{"enabledPlugins": {"mo@mo-mcp": true, "mo@off": false}}\n';

test('beside a plugin of mo no server is put in, in no scope, unless that is forced', async () => {
  await user.write('.claude.json', claudeText);
  await user.write('.claude/settings.json', enabled);
  const before = await user.picture();
  for (const scope of ['user', 'project']) {
    const { exitCode, stderr } = await user.mo('install', '--yes', '--scope', scope);
    expect(stderr).toContain('mo is in Claude Code already, as the plugin mo@mo-mcp');
    expect(stderr).toContain('Take that out first: claude plugin uninstall mo@mo-mcp');
    expect(exitCode).toBe(2);
  }
  expect(await user.picture()).toEqual(before);
  await user.write('.codex/config.toml', '[plugins."mo@mo-mcp"]\nenabled = true\n');
  const both = await user.mo('install', '--yes');
  expect(both.stderr).toContain('claude plugin uninstall mo@mo-mcp (or');
  expect(both.stderr).toContain('codex plugin remove mo@mo-mcp (or');
  expect(both.exitCode).toBe(2);
  const { exitCode, stdout } = await user.mo('install', '--yes', '--force');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('Take it out with: claude plugin uninstall mo@mo-mcp');
});

test('a plugin that came after the server is named with what takes it out, also when nothing is to be done', async () => {
  await user.write('.claude.json', claudeText);
  await user.write('.codex/config.toml', codexText);
  await user.mo('install', '--yes');
  await user.write('.claude/settings.json', enabled);
  const codex = await user.read('.codex/config.toml');
  await user.write('.codex/config.toml', `${codex}\n[plugins."mo@mo-mcp"]\nenabled = true\n`);
  const { exitCode, stdout } = await user.mo('install', '--yes');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('Nothing was changed.\n! mo is in Claude Code twice: the plugin mo@mo');
  expect(stdout).toContain('Take it out with: codex plugin remove mo@mo-mcp');
});

test('beside a server of mo no plugin is put in, whoever wrote the server', async () => {
  await user.write('.claude.json', claudeText);
  await writeFile(join(user.bin, 'claude'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const shared = join(user.project, '.mcp.json');
  await writeFile(shared, '{"mcpServers": {"mo": {"command": "mo", "args": ["serve"]}}}');
  const asPlugin = ['install', '--yes', '--host', 'claude', '--mode', 'plugin'] as const;
  const foreign = await user.mo(...asPlugin);
  expect(foreign.stderr).toContain('Take that out first: claude mcp remove -s project mo');
  expect(foreign.exitCode).toBe(2);
  await user.mo('install', '--yes', '--host', 'claude', '--scope', 'project');
  const ours = await user.mo(...asPlugin);
  expect(ours.stderr).toContain('Take that out first: mo uninstall --host claude --scope project');
  expect(ours.exitCode).toBe(2);
});

test("a project gets a server that starts on every machine, and the project's own skill", async () => {
  await bothHosts();
  await writeFile(join(user.project, '.mcp.json'), '{\n    "mcpServers": {}\n}\n');
  const { exitCode } = await user.mo('install', '--yes', '--scope', 'project');
  expect(exitCode).toBe(0);
  const { version } = JSON.parse(await readFile(join(user.package, 'package.json'), 'utf8'));
  const text = await readFile(join(user.project, '.mcp.json'), 'utf8');
  expect(JSON.parse(text).mcpServers.mo).toEqual({
    type: 'stdio',
    command: 'npx',
    args: ['-y', `mo-mcp@^${version}`, 'serve'],
  });
  expect(text).toContain('\n        "mo": {');
  expect(await user.read('.claude.json')).toBe(claudeText);
  expect((await readdir(user.project, { recursive: true })).toSorted()).toEqual(
    expect.arrayContaining([
      join('.claude', 'skills', 'orchestrate', 'SKILL.md'),
      join('.agents', 'skills', 'orchestrate', 'SKILL.md'),
    ]),
  );
  await user.mo('uninstall', '--scope', 'project');
  expect(await readdir(user.project)).toEqual(['.mcp.json']);
  expect(await user.read('.codex/config.toml')).toBe(codexText);
});

test('the newest three backups are kept, and the first one as long as it is needed', async () => {
  await user.write('.codex/config.toml', codexText);
  for (const command of ['node', 'npx', 'global', 'node', 'npx', 'global']) {
    await user.mo('install', '--yes', '--command', command);
  }
  const names = (await readdir(join(user.home, '.codex'))).filter((name) =>
    name.endsWith('.backup'),
  );
  expect(names).toHaveLength(4);
  const [first = ''] = names.toSorted();
  expect(await user.read(`.codex/${first}`)).toBe(codexText);
  await user.mo('uninstall');
  expect(await readdir(join(user.home, '.codex'))).toEqual(['config.toml']);
  expect(await user.read('.codex/config.toml')).toBe(codexText);
});

test('a mo that runs out of the cache of npx leaves a copy of itself for the hosts', async () => {
  const cache = join(user.home, '..', '_npx', '0a1b', 'node_modules');
  await cp(user.package, join(cache, 'mo-mcp'), { recursive: true });
  // What it depends on lies beside it there.
  await rm(join(cache, 'mo-mcp', 'node_modules'));
  await writeFile(join(cache, 'dependency.js'), '');
  user.package = join(cache, 'mo-mcp');
  await user.write('.codex/config.toml', codexText);
  const before = await user.picture();
  const { stdout } = await user.mo('install', '--yes');
  expect(stdout).toContain('because npm may empty the cache of npx');
  const text = await user.read('.codex/config.toml');
  expect(text).not.toContain('_npx');
  const script = /"([^"]+mo\.mjs)"/.exec(text)?.[1] ?? '';
  expect(script.startsWith(join(user.home, '.local/share/mo/package'))).toBe(true);
  expect((await user.mo('install', '--yes')).stdout).toContain('nothing was changed');
  user.package = join(script, '..', '..');
  expect((await user.mo('--version')).exitCode).toBe(0);
  expect(await readdir(join(user.package, '..'))).toEqual(['dependency.js', 'mo-mcp']);
  await user.mo('uninstall');
  expect(await user.picture()).toEqual(before);
});

test('an old Codex that knows no app-server has its file edited instead', async () => {
  await user.write('.codex/config.toml', codexText);
  const program = '#!/bin/sh\necho "error: unrecognized subcommand \'$1\'" >&2\nexit 2\n';
  await writeFile(join(user.bin, 'codex'), program, { mode: 0o755 });
  await user.mo('install', '--yes');
  expect(await user.read('.codex/config.toml')).toContain('[mcp_servers.mo]');
  await user.mo('uninstall');
  expect(await user.read('.codex/config.toml')).toBe(codexText);
});

test('a host that refuses is quoted, and nothing of it is left', async () => {
  await user.write('.claude.json', claudeText);
  const program = '#!/bin/sh\necho "managed settings forbid user servers" >&2\nexit 1\n';
  await writeFile(join(user.bin, 'claude'), program, { mode: 0o755 });
  const { exitCode, stderr } = await user.mo('install', '--yes');
  expect(exitCode).toBe(5);
  expect(stderr).toContain('Claude Code did not take it');
  expect(stderr).toContain('managed settings forbid user servers');
  expect(await user.read('.claude.json')).toBe(claudeText);
  expect(Object.keys(await user.picture())).toEqual(['.claude.json']);
});

test('update writes what this mo would write otherwise, and says what brings a newer one', async () => {
  await bothHosts();
  await user.mo('install', '--yes', '--host', 'codex', '--approve', 'run');
  const skill = join(user.package, 'skill', 'orchestrate', 'SKILL.md');
  await writeFile(skill, `${skillText}Newer.\n`);
  const doctor = await user.mo('doctor');
  expect(doctor.exitCode).toBe(5);
  expect(doctor.stdout).toContain('is of another mo');
  const { stdout } = await user.mo('update', '--yes');
  expect(stdout).toContain('npm install --global mo-mcp@latest');
  expect(await user.read('.agents/skills/orchestrate/SKILL.md')).toContain('Newer.');
  expect(await user.read('.codex/config.toml')).toContain('approval_mode = "approve"');
  expect(await user.read('.claude.json')).toBe(claudeText);
  expect((await user.mo('update', '--yes')).stdout).toContain('nothing was changed');
});

test('update and uninstall take the flags of install', async () => {
  await bothHosts();
  const before = await user.picture();
  await user.mo('install', '--yes');
  await writeFile(join(user.package, 'skill', 'orchestrate', 'SKILL.md'), `${skillText}Newer.\n`);
  const update = await user.mo('update', '--yes', '--json', '--host', 'codex', '--scope', 'user');
  expect(JSON.parse(update.stdout)).toMatchObject({ changed: true, hosts: [{ host: 'codex' }] });
  expect(await user.read('.agents/skills/orchestrate/SKILL.md')).toContain('Newer.');
  expect(await user.read('.claude/skills/orchestrate/SKILL.md')).toBe(skillText);
  expect((await user.mo('update', '--yes', '--scope', 'project')).stdout).toContain('no such host');
  const shown = await user.mo('uninstall', '--yes', '--dry-run', '--json');
  expect(JSON.parse(shown.stdout).hosts).toHaveLength(2);
  const { exitCode, stdout } = await user.mo('uninstall', '--yes', '--json');
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout).hosts).toHaveLength(2);
  expect(await user.picture()).toEqual(before);
});

test('uninstall asks whoever can be asked, and not with --yes', async () => {
  await bothHosts();
  await user.mo('install', '--yes');
  const before = await user.picture();
  const wish = { host: 'all', scope: null, force: false, dryRun: false } as const;
  const no = aPerson(['n']);
  expect(await uninstallHosts(no.call, { ...wish, yes: false })).toBe(0);
  expect(no.out.join('\n')).toMatch(
    /~\/\.claude\.json {2}entry: will be changed back\n[^]*Nothing was changed\.$/,
  );
  expect(await user.picture()).toEqual(before);
  const unasked = aPerson([]);
  expect(await uninstallHosts(unasked.call, { ...wish, yes: true })).toBe(0);
  expect(unasked.out.join('\n')).toContain('as it was before');
  expect(await user.read('.claude.json')).toBe(claudeText);
});

/** Somebody at a terminal in the project; `answers` are what they type when asked. */
function aPerson(answers: string[]) {
  const out: string[] = [];
  const { signal } = new AbortController();
  const call: CommandCall = {
    terminal: {
      out: (text) => void out.push(text),
      err: () => {},
      isLive: false,
      canAsk: true,
      hasColor: false,
      width: () => 100,
      height: () => 40,
      ask: async () => answers.shift() ?? null,
    },
    json: false,
    context: {
      ...bareContext({ signal, progress: () => {} }),
      folder: user.project,
      env: user.env,
      project: async () => ({ root: user.project, git: null }),
    },
    interrupted: signal,
  };
  return { call, out };
}

test('a dry run of uninstall shows every file, what becomes of it and its lines, and changes nothing', async () => {
  await user.write('.claude.json', claudeText);
  await mkdir(join(user.home, '.codex'));
  await user.mo('install', '--yes', '--approve', 'run');
  await user.mo('install', '--yes', '--host', 'codex', '--scope', 'project');
  await user.write('.claude.json', `${await user.read('.claude.json')}\n`);
  await user.write('.claude/skills/orchestrate/SKILL.md', 'mine\n');
  const before = await user.picture();
  const { stdout } = await user.mo('uninstall', '--dry-run');
  expect(stdout).toContain('~ ~/.claude.json  entry: will be changed back\n      @@ line');
  expect(stdout).toContain('      - \t\t"mo": {');
  expect(stdout).toContain('- ~/.claude/settings.json  approvals: will be deleted');
  expect(stdout).toContain('= ~/.claude/skills/orchestrate  skill: edited since, so it stays');
  expect(stdout).toContain('= ~/.codex/config.toml  entry: still used by another installation');
  expect(stdout).toContain('- ~/.codex/config.toml  entry: will be deleted');
  expect(stdout).toMatch(/ {6}- env_vars = \[\d\d names, see --json\]\n/);
  expect(stdout).toMatch(/Nothing was changed\.$/);
  expect(await user.picture()).toEqual(before);
});

test('uninstall says where mo is when it is not where it was asked for', async () => {
  await bothHosts();
  await user.mo('install', '--yes', '--host', 'claude', '--scope', 'project');
  const { stdout } = await user.mo('uninstall', '--scope', 'user');
  expect(stdout).toContain(`Claude Code, project ${user.project}: --scope project`);
  expect(stdout).not.toContain('mo is in no host');
});

test('a home that was moved to another configuration folder is said, not guessed', async () => {
  await bothHosts();
  await user.mo('install', '--yes', '--host', 'claude');
  user.env['CLAUDE_CONFIG_DIR'] = join(user.home, 'elsewhere');
  const { stdout } = await user.mo('uninstall');
  expect(stdout).toContain('belongs to another configuration');
  expect(await user.read('.claude.json')).toContain('mo.mjs');
  await rm(join(user.home, 'elsewhere'), { recursive: true, force: true });
});
