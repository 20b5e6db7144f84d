import { MoError } from '../core/problem.ts';
import { redact } from '../core/redact.ts';
import { runCommand } from '../platform/process.ts';
import type { Engine } from './engine.ts';

const setUpLimitMs = 15 * 60_000;

/** The project's own set-up commands (trusted settings only), one after another, in a fresh worktree. */
export async function runSetUp(
  engine: Engine,
  folder: string,
  commands: readonly string[],
): Promise<void> {
  for (const command of commands) {
    const result = await runCommand('/bin/sh', ['-c', command], {
      cwd: folder,
      env: engine.env,
      timeoutMs: setUpLimitMs,
    });
    if (result.exitCode === 0) continue;
    const output = redact(`${result.stdout}\n${result.stderr}`).trim().slice(-2_000);
    throw new MoError({
      code: 'bad-settings',
      file: 'mo.yaml',
      what: `worktrees.setup: \`${command}\` ${result.timedOut ? 'ran into its time limit' : `ended with ${result.exitCode ?? result.signal}`}: ${output}`,
      fix: 'Mend the command, or what it needs, and start the run again.',
    });
  }
}
