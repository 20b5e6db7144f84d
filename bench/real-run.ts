import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const mo = join(import.meta.dirname, '../dist/mo.mjs');

/** A folder with a git repository and a home of its own; gone with `end`. */
export type Place = { repo: string; env: Record<string, string>; end: () => Promise<void> };

export async function makePlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'mo-bench-'));
  const env = bareEnv(folder);
  const repo = join(folder, 'repo');
  await mkdir(repo);
  const place = {
    repo,
    env,
    end: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
  await writeFile(join(repo, 'README.md'), 'hello\n');
  git(place, 'init', '-q', '-b', 'main');
  git(place, 'config', 'user.name', 'Somebody');
  git(place, 'config', 'user.email', 'somebody@example.org');
  commitAll(place);
  return place;
}

export function commitAll(place: Place): void {
  git(place, 'add', '-A');
  git(place, 'commit', '-qm', 'all of it');
}

function git({ repo, env }: Place, ...args: string[]): void {
  execFileSync('git', args, { cwd: repo, env });
}

/** The command line to its end; `ms` from the start of the process to its exit. */
export async function callMo(
  { repo, env }: Place,
  args: readonly string[],
): Promise<{ stdout: string; stderr: string; exitCode: number | null; ms: number }> {
  const from = performance.now();
  const child = spawn(process.execPath, [mo, ...args], {
    cwd: repo,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { stdout, stderr, exitCode: child.exitCode, ms: performance.now() - from };
}

function bareEnv(home: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    NO_COLOR: '1',
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CONFIG_HOME: join(home, 'config'),
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
}
