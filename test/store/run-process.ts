import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));

/** How a script is started. */
export function commandOf(script: URL, ...args: readonly string[]): string[] {
  return [process.execPath, '--import', 'tsx', fileURLToPath(script), ...args];
}

export function startProcess(command: readonly string[]): ChildProcessWithoutNullStreams {
  const [file = '', ...args] = command;
  return spawn(file, args, { cwd: repository });
}

/** What it wrote, once it has ended well. */
export async function runProcess(command: readonly string[]): Promise<string> {
  const child = startProcess(command);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (code !== 0) throw new Error(`exit code ${String(code)}: ${stderr}`);
  return stdout;
}
