import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Step } from '../script.ts';
import type { ToolCall, ToolEnd } from './report.ts';
import { makeSecret } from './secret.ts';
import { runShell } from './start-process.ts';
import type { After, Worker } from './worker.ts';

/** A step that changes files: refused to a worker that may only read, and a failure is told, not fatal, as with a real CLI. */
export async function change(
  { report, options, done }: Worker,
  step: { do: string; force?: boolean },
  paths: readonly string[],
  work: () => Promise<ToolEnd>,
): Promise<After> {
  const summary = [step.do, ...paths].join(' ');
  if (options.mode === 'read-only' && step.force !== true) {
    await report.denied(step.do, `${summary}: this worker may only read`);
    return 'go on';
  }
  const call: ToolCall = { tool: step.do, kind: 'write', summary, paths };
  const end = await report.call(call, () => work().catch(failedTool));
  if (end.ok) for (const path of paths) done.changed.add(path);
  return 'go on';
}

export async function leak(step: Extract<Step, { do: 'leak' }>, worker: Worker): Promise<After> {
  const secret = makeSecret(step.kind);
  const { path } = step;
  if (path === undefined) {
    await worker.report.say(`The key is ${secret}`);
    return 'go on';
  }
  return change(worker, step, [path], async () => {
    const file = resolve(worker.options.folder, path);
    await mkdir(dirname(file), { recursive: true });
    await appendFile(file, `${secret}\n`);
    return { ok: true, exitCode: null, summary: 'done' };
  });
}

export async function shell(
  step: Extract<Step, { do: 'shell' }>,
  { options, report, done }: Worker,
): Promise<After> {
  const { command } = step;
  if (options.mode === 'read-only' && step.force !== true) {
    await report.denied('shell', `${command}: this worker may only read`);
    return 'go on';
  }
  const call: ToolCall = { tool: 'shell', kind: 'shell', summary: command, paths: [] };
  const end = await report.call(call, () => runShell(command, options.folder));
  if (end.exitCode !== null) done.commands.push({ command, exit_code: end.exitCode });
  return 'go on';
}

function failedTool(cause: unknown): ToolEnd {
  const summary = cause instanceof Error ? cause.message : String(cause);
  return { ok: false, exitCode: null, summary };
}
