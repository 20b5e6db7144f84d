import type { Command } from 'commander';
import { z } from 'zod';
import type { OperationContext } from '../operations/context.ts';
import type { Environment } from '../platform/environment.ts';
import type { CommandHost } from './cli-deps.ts';
import type { Terminal } from './terminal.ts';

/** One command that runs: who it talks to, where, and whether the person broke it off. */
export type CommandCall = {
  terminal: Terminal;
  json: boolean;
  context: OperationContext;
  /** Aborted by the first Ctrl-C; a second one ends the process at once. */
  interrupted: AbortSignal;
};

const globals = z.object({ cwd: z.string().optional(), json: z.boolean().optional() });

/** Runs the action of a command and remembers its exit code; 130 when it was interrupted. */
export async function runCommandCall(
  command: Command,
  host: CommandHost,
  action: (call: CommandCall) => Promise<number>,
  elsewhere?: { folder: string; env: Environment },
): Promise<void> {
  const flags = globals.parse(command.optsWithGlobals());
  const deps = host.shell(command);
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  try {
    const context = await deps.contextOf({
      folder: elsewhere?.folder ?? flags.cwd ?? null,
      signal: interrupt.signal,
      progress: (text) => deps.terminal.err(text),
      ...(elsewhere === undefined ? {} : { extraEnv: elsewhere.env }),
    });
    const call = {
      terminal: deps.terminal,
      json: flags.json ?? false,
      context,
      interrupted: interrupt.signal,
    };
    const exitCode = await action(call);
    host.outcome.exitCode = interrupt.signal.aborted ? 130 : exitCode;
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}
