import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { placeOfCommit } from '../place-of-commit.ts';
import { makeTemporaryUser, type TemporaryUser } from './temporary-user.ts';

const loader = join(import.meta.dirname, 'kill-at.cjs');

/** Every so many changes, from one that the commit decides; `MO_KILL_EVERY=1` takes them all, in two minutes. */
const every = Number(process.env['MO_KILL_EVERY'] ?? '3');

async function firstChange(): Promise<number> {
  return 1 + Math.floor((await placeOfCommit()) * every);
}

test(
  'an installation that is killed at any of its changes can be taken out, at once or installed again: nothing of it is left',
  { timeout: 400_000 },
  async () => {
    const user = await aUser();
    const before = await user.picture();
    const install = ['install', '--yes', '--host', 'codex', '--approve', 'run'];
    const first = await firstChange();
    for (let at = first; await isKilledAt(user, at, install); at += every) {
      if (at % 2 === 0) await user.mo(...install);
      await user.mo('uninstall');
      expect(await user.picture(), `killed at change ${at}`).toEqual(before);
    }
  },
);

test(
  'what was there before is put back after an installation by force that was killed at any of its changes',
  { timeout: 400_000 },
  async () => {
    const user = await aUser();
    await user.write('.claude.json', '{"mcpServers": {"mo": {"command": "motion-sensor"}}}');
    await user.write('.claude/skills/orchestrate/SKILL.md', 'of another\n');
    const before = await user.picture();
    const install = ['install', '--yes', '--host', 'claude', '--force', '--snippet'];
    const first = await firstChange();
    for (let at = first; await isKilledAt(user, at, install); at += every) {
      if (at % 2 === 1) await user.mo(...install);
      await user.mo('uninstall');
      expect(await user.picture(), `killed at change ${at}`).toEqual(before);
    }
  },
);

test('what others have written since is kept when an installation that was killed is taken out', async () => {
  const user = await aUser();
  await user.write('.codex/config.toml', 'model = "x"\n');
  // Killed at change after change, until the entry is there and mo has not noted that it is.
  for (let at = 1; !(await user.read('.codex/config.toml')).includes('mo.mjs'); at += 1) {
    await user.mo('uninstall');
    expect(await isKilledAt(user, at, ['install', '--yes', '--host', 'codex'])).toBe(true);
  }
  await user.write(
    '.codex/config.toml',
    `${await user.read('.codex/config.toml')}\n[later]\na = 1\n`,
  );
  await user.mo('install', '--yes', '--host', 'codex');
  await user.mo('uninstall');
  expect(await user.read('.codex/config.toml')).toBe('model = "x"\n\n[later]\na = 1\n');
});

async function aUser(): Promise<TemporaryUser> {
  const user = await makeTemporaryUser();
  onTestFinished(() => user.remove());
  await mkdir(join(user.home, '.local', 'share'), { recursive: true });
  await user.write('.claude.json', '{\r\n\t"numStartups": 3\r\n}');
  await chmod(join(user.home, '.claude.json'), 0o640);
  await user.write('.claude/CLAUDE.md', 'Be brief.\n');
  await user.write('.codex/config.toml', '# mine\nmodel = "x" # the one\n');
  return user;
}

/** False: it came to its end before that change. */
async function isKilledAt(user: TemporaryUser, at: number, args: string[]): Promise<boolean> {
  const { env } = user;
  user.env = { ...env, NODE_OPTIONS: `--require ${loader}`, MO_KILL_AT: String(at) };
  try {
    const { exitCode } = await user.mo(...args);
    expect([-1, 0]).toContain(exitCode);
    return exitCode === -1;
  } finally {
    user.env = env;
  }
}
