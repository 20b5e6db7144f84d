import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { makeTemporaryUser, type TemporaryUser } from '../../hosts/temporary-user.ts';
import { installedClis, notInstalled } from './installed-clis.ts';

const clis = installedClis();
if (clis === null) process.stderr.write(`${notInstalled}\n`);

const offline = {
  ANTHROPIC_API_KEY: 'scripted',
  ANTHROPIC_BASE_URL: 'http://127.0.0.1:9',
  CODEX_API_KEY: 'scripted',
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_AUTOUPDATER: '1',
  DISABLE_TELEMETRY: '1',
  DISABLE_ERROR_REPORTING: '1',
};

const claudeText = `{
  "numStartups": 3,
  "mcpServers": {
    "other": {
      "command": "true"
    }
  }
}
`;
const settingsText = '{\n    "theme": "dark"\n}\n';
const codexText = `# mine
model = "gpt-5.5"   # the one

[mcp_servers.other]  # keep
command = "true"
args = [ "a",
  "b" ]

# about the screen
[tui]
notifications = false
`;

let user: TemporaryUser;

describe.skipIf(clis === null)('mo installs itself into the real hosts', () => {
  beforeEach(async () => {
    user = await makeTemporaryUser();
    Object.assign(user.env, offline);
    user.env['PATH'] = [clis ?? '', user.bin, '/usr/bin', '/bin'].join(delimiter);
    await user.write('.claude.json', claudeText);
    await user.write('.claude/settings.json', settingsText);
    await user.write('.codex/config.toml', codexText);
  });

  afterEach(() => user.remove());

  test('both reach mo, a second time nothing is changed, and out again the home is what the hosts alone leave', async () => {
    const installed = await user.mo('install', '--yes');
    expect(installed.stdout).toContain('✓ Claude Code reaches mo: Connected');
    expect(installed.stdout).toMatch(/✓ Codex reaches mo: \d+ tools/);
    expect(installed.exitCode).toBe(0);
    expect(JSON.parse(await user.read('.claude.json')).mcpServers).toMatchObject({
      other: { command: 'true' },
      mo: { type: 'stdio', command: process.execPath },
    });
    const codex = await user.read('.codex/config.toml');
    expect(codex.replace(/\n\[mcp_servers\.mo\]\n(.+\n)+/, '')).toBe(codexText);

    const before = await ours();
    const again = await user.mo('install', '--yes');
    expect(again.stdout).toContain('nothing was changed');
    expect(await ours()).toEqual(before);

    const gone = await user.mo('uninstall');
    expect(gone.exitCode).toBe(0);
    const left = await ours();
    expect(left).toEqual(await leftByHostsAlone());
    expect(await user.read('.claude.json')).toBe(claudeText);
    expect(await user.read('.codex/config.toml')).toBe(codexText);
  });

  test('a dry run says which command of the host would write, and starts neither', async () => {
    const before = await user.picture();
    const { stdout } = await user.mo('install', '--dry-run');
    expect(stdout).toContain('[by claude mcp add-json]');
    expect(stdout).toContain('[by codex app-server config/value/write]');
    expect(await user.picture()).toEqual(before);
  });

  test('after the hosts have gone on working only the entry is taken out', async () => {
    await user.mo('install', '--yes');
    const later = ['mcp', 'add', '-s', 'user', 'later', '--', 'true'];
    await host('claude', later);
    await host('codex', ['mcp', 'add', 'later', '--', 'true']);
    const { stdout } = await user.mo('uninstall');
    expect(stdout).toContain("only what is mo's was taken out");
    const { mcpServers } = JSON.parse(await user.read('.claude.json'));
    expect(Object.keys(mcpServers)).toEqual(['other', 'later']);
    const listed = await host('codex', ['mcp', 'list', '--json']);
    const names = z.array(z.object({ name: z.string() })).parse(JSON.parse(listed));
    expect(names.map(({ name }) => name).toSorted()).toEqual(['later', 'other']);
  });

  test('keys of the user and approvals stay in the entry when it is written again', async () => {
    await user.mo('install', '--yes', '--approve', 'run');
    const text = await user.read('.codex/config.toml');
    expect(text).toContain('[mcp_servers.mo.tools.run]\napproval_mode = "approve"');
    await user.write(
      '.codex/config.toml',
      text
        .replace('[mcp_servers.mo]\n', '[mcp_servers.mo] # mine\nenabled_tools = ["run"] # one\n')
        .replace('env_vars = [', 'env_vars = ["GLM_KEY", '),
    );
    const claude = JSON.parse(await user.read('.claude.json'));
    claude.mcpServers.mo.timeout = 5_000;
    await user.write('.claude.json', JSON.stringify(claude, null, 2));
    const again = await user.mo('install', '--yes', '--command', 'global');
    expect(again.stdout).toContain('server mo: mo serve');
    const now = await user.read('.codex/config.toml');
    expect(now).toContain('[mcp_servers.mo] # mine\n');
    expect(now).toContain('enabled_tools = ["run"] # one\n');
    expect(now).toContain('"GLM_KEY"');
    expect(now).toContain('approval_mode = "approve"');
    expect(JSON.parse(await user.read('.claude.json')).mcpServers.mo).toEqual({
      type: 'stdio',
      command: 'mo',
      args: ['serve'],
      timeout: 5_000,
    });
  });

  test.each([
    ['.claude.json', '{\n  "a": 1,\n}\n', 3],
    ['.codex/config.toml', 'model = "x"\n[mcp_servers.mo\n', 2],
  ])(
    '%s that does not parse is refused untouched, and no host is started',
    async (file, text, line) => {
      await user.write(file, text);
      const before = await user.picture();
      const { exitCode, stderr } = await user.mo('install', '--yes');
      expect(exitCode).toBe(5);
      expect(stderr).toContain(`${file}:${line} cannot be used`);
      expect(await user.picture()).toEqual(before);
    },
  );

  test('as a plugin both reach mo, and out again the settings are what they were', async () => {
    // Somebody's plugins were there before.
    await user.write('.claude/plugins/known_marketplaces.json', '{}\n');
    const installed = await user.mo('install', '--yes', '--mode', 'plugin', '--approve', 'run');
    expect(installed.stdout).toContain('✓ Claude Code reaches mo');
    expect(installed.stdout).toMatch(/✓ Codex reaches mo: \d+ tools/);
    const again = await user.mo('install', '--yes', '--mode', 'plugin');
    expect(again.stdout).toContain('nothing was changed');
    const doctor = await user.mo('doctor', '--json');
    expect(JSON.parse(doctor.stdout).hosts).toMatchObject([{ mo: 'plugin' }, { mo: 'plugin' }]);
    await user.mo('uninstall');
    expect(await user.read('.claude/settings.json')).toBe(settingsText);
    expect(await user.read('.codex/config.toml')).toBe(codexText);
    const left = Object.keys(await user.picture());
    const ofPlugins = /^(\.local|\.claude\/plugins|\.codex\/(plugins|\.tmp\/marketplaces))(\/|$)/;
    expect(left.filter((path) => ofPlugins.test(path)).toSorted()).toEqual([
      '.claude/plugins',
      '.claude/plugins/known_marketplaces.json',
    ]);
  });

  test('a plugin beside a server of its own is found by the doctor', async () => {
    await user.mo('install', '--yes', '--mode', 'plugin', '--host', 'claude');
    await host('claude', ['mcp', 'add', '-s', 'user', 'mo', '--', 'mo', 'serve']);
    const { stdout, exitCode } = await user.mo('doctor');
    expect(exitCode).toBe(5);
    expect(stdout).toContain('mo is in Claude Code twice');
    await rm(join(user.home, '.local/share/mo/install.json'));
    const again = await user.mo('install', '--yes', '--host', 'claude');
    expect(again.stderr).toContain('Take that out first: claude plugin uninstall mo@mo-local');
  });

  test('a server that a host cannot start is found, and written again it is reached', async () => {
    await user.mo('install', '--yes');
    const moved = join(user.home, '..', 'moved');
    await cp(user.package, moved, { recursive: true, verbatimSymlinks: true });
    await rm(user.package, { recursive: true });
    user.package = moved;
    const doctor = await user.mo('doctor');
    expect(doctor.exitCode).toBe(5);
    expect(doctor.stdout.match(/mo\.mjs does not exist any more/g)).toHaveLength(2);
    const again = await user.mo('install', '--yes');
    expect(again.stdout).toContain('✓ Claude Code reaches mo');
    expect(again.stdout).toContain('✓ Codex reaches mo');
    await user.mo('uninstall');
    expect(await user.read('.codex/config.toml')).toBe(codexText);
  });

  test.each([
    ['claude', '.claude/settings.json', settingsText, ['marketplace', 'install']],
    ['codex', '.codex/config.toml', codexText, ['marketplace', 'add']],
  ])(
    'a plugin whose way into %s was cut off is taken out again',
    async (name, file, text, words) => {
      const path = user.env['PATH'] ?? '';
      for (const word of words) {
        await killsMoBefore(name, word);
        user.env['PATH'] = [user.bin, path].join(delimiter);
        const args = ['install', '--yes', '--mode', 'plugin', '--host', name];
        expect((await user.mo(...args)).exitCode).toBe(-1);
        user.env['PATH'] = path;
        if (word !== 'marketplace') expect((await user.mo(...args)).exitCode).toBe(0);
        expect((await user.mo('uninstall')).exitCode).toBe(0);
        expect(await user.read(file)).toBe(text);
        expect(await host(name, ['plugin', 'list', '--json'])).not.toContain('mo@mo-local');
      }
    },
  );

  test('in a project Claude Code waits for a yes, and that is no failure', async () => {
    const { stdout, exitCode } = await user.mo('install', '--yes', '--scope', 'project');
    expect(stdout).toContain('Claude Code waits for you');
    expect(exitCode).toBe(0);
    expect(await readdir(user.project)).toContain('.mcp.json');
    await user.mo('uninstall');
    expect(await readdir(user.project)).toEqual([]);
  });

  test('a form that cannot be edited in place is left to Codex, said before, and comes back', async () => {
    const inline = 'mcp_servers = { other = { command = "true" } } # mine\n';
    await user.write('.codex/config.toml', inline);
    const { stdout } = await user.mo('install', '--dry-run', '--host', 'codex');
    expect(stdout).toContain('may write the lines around it anew');
    const installed = await user.mo('install', '--yes', '--host', 'codex');
    expect(installed.stdout).toContain('✓ Codex reaches mo');
    await user.mo('uninstall');
    expect(await user.read('.codex/config.toml')).toBe(inline);
  });

  test('links and modes of dotfiles are kept by the hosts, or mended after them', async () => {
    await mkdir(join(user.home, 'dotfiles'));
    for (const [path, name] of [
      ['.claude.json', 'claude.json'],
      ['.codex/config.toml', 'codex.toml'],
    ] as const) {
      await cp(join(user.home, path), join(user.home, 'dotfiles', name));
      await rm(join(user.home, path));
      await symlink(join(user.home, 'dotfiles', name), join(user.home, path));
    }
    await writeFile(join(user.home, 'dotfiles', 'codex.toml'), codexText.replaceAll('\n', '\r\n'));
    const before = await user.picture();
    await user.mo('install', '--yes');
    const now = await user.picture();
    expect(now['.codex/config.toml']).toBe(before['.codex/config.toml']);
    expect(now['.claude.json']).toBe(before['.claude.json']);
    const codex = now['dotfiles/codex.toml'] ?? '';
    expect(codex.slice(0, 3)).toBe('644');
    expect(codex.replaceAll('\r\n', '')).not.toContain('\n');
    expect(codex).toContain('mcp_servers.mo');
    await user.mo('uninstall');
    const after = await user.picture();
    expect(after['dotfiles/codex.toml']).toBe(before['dotfiles/codex.toml']);
    expect(after['dotfiles/claude.json']).toBe(before['dotfiles/claude.json']);
  });
});

/** What hosts keep for themselves whenever they run is no concern of mo's. */
const ofHosts =
  /^(\.cache|\.claude\/(backups|plugins|projects|sessions)|\.codex\/(?!config\.toml|skills\/(?!\.system))[^/]+|\.codex\/skills)(\/|$)/;

async function ours(): Promise<Record<string, string>> {
  const picture = await user.picture();
  const kept = Object.entries(picture).filter(([path]) => !ofHosts.test(path));
  return Object.fromEntries(
    kept.map(([path, content]) => [
      path,
      content.length < 200 ? content : createHash('sha256').update(content).digest('hex'),
    ]),
  );
}

/** The same questions to the hosts in a home that never saw mo. */
async function leftByHostsAlone(): Promise<Record<string, string>> {
  const other = await makeTemporaryUser();
  const mine = user;
  try {
    Object.assign(other.env, offline);
    other.env['PATH'] = mine.env['PATH'] ?? '';
    user = other;
    await other.write('.claude.json', claudeText);
    await other.write('.claude/settings.json', settingsText);
    await other.write('.codex/config.toml', codexText);
    await host('claude', ['mcp', 'get', 'other']);
    await host('codex', ['mcp', 'list']);
    const left = await ours();
    // Claude Code writes ids and times of its own into this one when it runs.
    const before = (await mine.picture())['.claude.json'];
    return before === undefined ? left : { ...left, '.claude.json': before };
  } finally {
    user = mine;
    await other.remove();
  }
}

/** A program of that name that kills mo instead of going on with `plugin <word>`. */
async function killsMoBefore(name: string, word: string): Promise<void> {
  const real = join(clis ?? '', name);
  const script = `#!/bin/sh\n[ "$1 $2" = 'plugin ${word}' ] && exec kill -9 $PPID\nexec '${real}' "$@"\n`;
  await writeFile(join(user.bin, name), script, { mode: 0o755 });
}

async function host(name: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execa(name, args, {
    cwd: user.home,
    env: user.env,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
  });
  return stdout;
}
