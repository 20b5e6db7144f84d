import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { prepareDemo } from '../operations/prepare-demo.ts';
import { startDo } from '../operations/start-do.ts';
import type { CommandHost } from './cli-deps.ts';
import { runCommandCall } from './command-call.ts';
import { finish } from './finish.ts';
import { follow } from './follow.ts';

/** Prepares the sample repository, then does what `mo do --yes` would do there. */
export async function runDemo(
  command: Command,
  host: CommandHost,
  flags: { folder?: string | undefined },
): Promise<void> {
  const folder =
    flags.folder === undefined ? await mkdtemp(join(tmpdir(), 'mo-demo-')) : resolve(flags.folder);
  const { goal, gates, env, provider } = await prepareDemo(folder);
  const extra = { folder, env };
  await runCommandCall(
    command,
    host,
    async (call) => {
      call.terminal.err(`Sample repository: ${folder}`);
      call.terminal.err(`Goal: ${goal}`);
      const runId = await startDo(call.context, {
        goal,
        provider,
        gate: [...gates],
        confirm: 'yes',
        land: 'merge',
        maxCycles: 5,
      });
      const picture = await follow(call, runId);
      const exitCode = await finish(call, picture);
      if (exitCode === 0)
        call.terminal.err(`Look at it: git -C ${quoted(folder)} log --graph --oneline`);
      return exitCode;
    },
    extra,
  );
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
