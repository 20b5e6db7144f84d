import { runCommand, type CommandResult } from '../platform/process.ts';
import { HostRefusal, type HostCall } from './host.ts';

const timeoutMs = 60_000;

/** One command of the host's program, in `cwd` (default: the home). Rejects with `HostRefusal` when it fails. */
export async function askHost(
  { place, binary }: HostCall,
  args: readonly string[],
  cwd: string = place.home,
): Promise<CommandResult> {
  const [file = '', ...prefix] = binary;
  const result = await runCommand(file, [...prefix, ...args], {
    cwd,
    // Inside a session of Claude Code its CLI would think it was started by itself.
    env: { ...place.env, CLAUDECODE: undefined },
    timeoutMs,
    signal: place.signal,
    maxBytes: 5_000_000,
  });
  if (result.exitCode === 0) return result;
  const said = (result.stderr.trim() || result.stdout.trim() || 'it said nothing').slice(-600);
  const why = result.timedOut ? `it took longer than ${timeoutMs / 1000} s` : said;
  const isUnable =
    result.startError !== null || /unknown (command|option)|unrecognized subcommand/i.test(said);
  throw new HostRefusal(`${args.slice(0, 3).join(' ')}: ${why}`, isUnable);
}

/** Commands that take out what may be there or not: the host refuses where it is not. Rejects with `HostRefusal` where it cannot be asked. */
export async function clearByHost(call: HostCall, commands: readonly string[][]): Promise<void> {
  for (const args of commands) {
    try {
      await askHost(call, args);
    } catch (error) {
      if (!(error instanceof HostRefusal) || error.isUnable) throw error;
    }
  }
}
