import { execFile, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { ToolEnd } from './report.ts';

/** Runs a command to its end, as the shell tool of a coding agent does. */
export function runShell(command: string, folder: string): Promise<ToolEnd> {
  return run('/bin/sh', ['-c', command], folder);
}

/** Everything in the folder becomes a commit by an author of its own, whatever git is set to. */
export async function commitAll(message: string, folder: string): Promise<ToolEnd> {
  const added = await run('git', ['add', '--all'], folder);
  if (!added.ok) return added;
  const author = ['-c', 'user.name=Scripted worker', '-c', 'user.email=scripted@localhost'];
  const commit = ['-c', 'commit.gpgsign=false', 'commit', '--quiet', '--message', message];
  return run('git', [...author, ...commit], folder);
}

/** Sleeps on its own and holds none of the worker's files open; gives its pid. */
export function startGrandchild(ms: number, detached: boolean): number | null {
  const child = spawn('sleep', [String(ms / 1000)], { detached, stdio: 'ignore' });
  child.unref();
  return child.pid ?? null;
}

function run(file: string, args: readonly string[], folder: string): Promise<ToolEnd> {
  return new Promise((resolve) => {
    execFile(file, [...args], { cwd: folder, maxBuffer: 10_000_000 }, (failure, stdout, stderr) => {
      const exitCode = failure === null ? 0 : exitCodeOf(failure);
      const said = `${stdout}${stderr}`.trim().split('\n').at(-1) ?? '';
      resolve({ ok: exitCode === 0, exitCode, summary: said || (failure?.message ?? '') });
    }).stdin?.end();
  });
}

/** As a shell would say it; null when the command could not be started. */
function exitCodeOf(failure: {
  code?: string | number | null | undefined;
  signal?: NodeJS.Signals | null | undefined;
}): number | null {
  if (typeof failure.code === 'number') return failure.code;
  return failure.signal ? 128 + constants.signals[failure.signal] : null;
}
