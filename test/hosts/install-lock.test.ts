import { execa, execaSync } from 'execa';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { makeTemporaryUser, type TemporaryUser } from './temporary-user.ts';

let user: TemporaryUser;

beforeEach(async () => {
  user = await makeTemporaryUser();
  await user.write('.claude.json', '{}\n');
  await user.write('.codex/config.toml', '# mine\n');
});

afterEach(() => user.remove());

/** A program of Claude Code that tells when it is asked, and refuses once it is let go. */
async function aSlowClaude() {
  const folder = dirname(user.home);
  const [asked, go] = [join(folder, 'asked'), join(folder, 'go')];
  await execa('mkfifo', [asked, go]);
  const script = `#!/bin/sh\necho $$ > '${asked}'\nread line < '${go}'\nexit 1\n`;
  await writeFile(join(user.bin, 'claude'), script, { mode: 0o755 });
  return {
    isAsked: async () => {
      const pid = Number(await readFile(asked, 'utf8'));
      // A test that fails does not let it go.
      onTestFinished(() => void execaSync('kill', [String(pid)], { reject: false }));
    },
    letGo: () => writeFile(go, 'go\n'),
  };
}

test('while one process writes to the hosts, another one says who does and changes nothing', async () => {
  const claude = await aSlowClaude();
  const first = user.mo('install', '--yes');
  await claude.isAsked();
  const before = await user.picture();
  for (const command of ['install', 'uninstall', 'update']) {
    const { exitCode, stderr } = await user.mo(command, '--yes');
    expect(stderr).toMatch(/^mo: `mo install` \(pid \d+, since [^)]+\) is at work on the files/);
    expect(exitCode).toBe(5);
  }
  expect(await user.picture()).toEqual(before);
  expect((await user.mo('install', '--dry-run', '--host', 'codex')).exitCode).toBe(0);
  await claude.letGo();
  expect((await first).stderr).toContain('Claude Code did not take it');
  expect(Object.keys(await user.picture()).filter((name) => name.includes('mo-install'))).toEqual(
    [],
  );
});

test('what a killed process has locked is free', async () => {
  const claude = await aSlowClaude();
  const script = join(user.package, 'dist', 'mo.mjs');
  const options = { cwd: user.project, env: user.env, extendEnv: false, reject: false } as const;
  const killed = execa(process.execPath, [script, 'install', '--yes'], options);
  await claude.isAsked();
  killed.kill('SIGKILL');
  // The program it has started holds its output until then.
  await claude.letGo();
  await killed;
  await rm(join(user.bin, 'claude'));
  const { exitCode, stdout } = await user.mo('install', '--yes');
  expect(stdout).toContain('Installed.');
  expect(exitCode).toBe(0);
  expect(Object.keys(await user.picture()).filter((name) => name.includes('mo-install'))).toEqual(
    [],
  );
});

test('two that start at the same moment: one at least does it, and the record is whole', async () => {
  const both = await Promise.all([user.mo('install', '--yes'), user.mo('install', '--yes')]);
  expect(both.map(({ exitCode }) => exitCode)).toContain(0);
  const record = JSON.parse(await user.read('.local/share/mo/install.json'));
  expect(record.installs.map(({ host }: { host: string }) => host)).toEqual(['claude', 'codex']);
  await user.mo('uninstall', '--yes');
  expect(Object.keys(await user.picture()).toSorted()).toEqual([
    '.claude.json',
    '.codex',
    '.codex/config.toml',
  ]);
});
