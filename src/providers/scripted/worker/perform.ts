import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Script, Step } from '../script.ts';
import { claimedHandoff, formAnswer, honestHandoff } from './answer.ts';
import { changeFiles, pathsOf } from './change-files.ts';
import { makeGarbage } from './garbage.ts';
import type { WorkerOptions } from './options.ts';
import type { Report, ToolCall } from './report.ts';
import { commitAll, startGrandchild } from './start-process.ts';
import type { After, Worker } from './worker.ts';
import { change, leak, shell } from './writing-steps.ts';

/** Does the script and gives the exit code to end with. */
export async function perform(
  script: Script,
  options: WorkerOptions,
  report: Report,
): Promise<number> {
  const worker: Worker = {
    options,
    report,
    spend: { usd: null, input: 0, cached: 0, output: 0 },
    answered: false,
    done: { changed: new Set(), commands: [] },
  };
  const exitCode = await performAll(script, worker);
  if (exitCode !== 'go on') return exitCode;
  if (!worker.answered) {
    await report.answer(formAnswer(honestHandoff(worker.done), options.answers));
  }
  return 0;
}

async function performAll(script: Script, worker: Worker): Promise<After> {
  for (const step of script) {
    const after = await performStep(step, worker);
    if (after !== 'go on') return after;
  }
  return 'go on';
}

async function performStep(step: Step, worker: Worker): Promise<After> {
  const { report, options } = worker;
  switch (step.do) {
    case 'write':
    case 'append':
    case 'delete':
    case 'rename':
    case 'chmod':
    case 'symlink':
      return change(worker, step, pathsOf(step), async () => {
        await changeFiles(step, options.folder);
        return { ok: true, exitCode: null, summary: 'done' };
      });
    case 'commit':
      return change(worker, step, [], () => commitAll(step.message, options.folder));
    case 'leak':
      return leak(step, worker);
    case 'shell':
      return shell(step, worker);
    case 'sleep':
      await sleep(step.ms);
      return 'go on';
    case 'say':
      await report.say(step.text);
      return 'go on';
    case 'stream':
      for (const line of step.lines) {
        await report.say(line);
        await sleep(step.delayMs);
      }
      return 'go on';
    case 'flood':
      return flood(step.events, report);
    case 'garbage':
      await report.raw(makeGarbage(step.kind));
      return 'go on';
    case 'tool':
      return useTool(step, report);
    case 'usage':
      return use(step, worker);
    case 'ask':
      await report.denied('permission', step.question);
      return 'go on';
    case 'quota':
      return hitQuota(step, report);
    case 'context':
      return fail(report, { class: 'context', message: 'The context of the model is full.' });
    case 'fail':
      return fail(report, { class: step.class, message: step.message });
    case 'hang':
      return hang();
    case 'ignore':
      for (const signal of step.signals) process.on(signal, () => {});
      return 'go on';
    case 'grandchild':
      await report.notice(`grandchild ${startGrandchild(step.ms, step.detached) ?? 'not started'}`);
      return 'go on';
    case 'crash':
      return step.how === 'abort' ? process.abort() : killSelf();
    case 'exit':
      return step.code;
    case 'handoff':
      return answer(worker, formAnswer(step.value, options.answers));
    case 'claim':
      return answer(worker, formAnswer(claimedHandoff(step.text), options.answers));
    case 'when':
      return performAll(
        (await exists(resolve(options.folder, step.exists))) ? step.then : (step.else ?? []),
        worker,
      );
  }
}

const floodBatch = 1_000;

async function flood(events: number, report: Report): Promise<After> {
  for (let sent = 0; sent < events; sent += floodBatch) {
    const size = Math.min(floodBatch, events - sent);
    const lines = Array.from(
      { length: size },
      (_, index) => `{"type":"text","text":"event ${sent + index + 1} of ${events}"}\n`,
    );
    await report.raw(lines.join(''));
  }
  return 'go on';
}

const toolKinds: Readonly<Record<string, ToolCall['kind']>> = {
  Read: 'read',
  Edit: 'write',
  Write: 'write',
  Bash: 'shell',
  Grep: 'search',
};

async function useTool(step: Extract<Step, { do: 'tool' }>, report: Report): Promise<After> {
  const kind = toolKinds[step.name] ?? 'other';
  await report.call({ tool: step.name, kind, summary: step.summary, paths: [] }, async () => {
    await sleep(step.ms ?? 0);
    const ok = step.ok ?? true;
    return { ok, exitCode: null, summary: ok ? 'done' : 'failed' };
  });
  return 'go on';
}

async function use(step: Extract<Step, { do: 'usage' }>, worker: Worker): Promise<After> {
  const { spend } = worker;
  worker.spend = {
    usd: step.usd === undefined ? spend.usd : (spend.usd ?? 0) + step.usd,
    input: spend.input + step.input,
    cached: spend.cached + step.cached,
    output: spend.output + step.output,
  };
  await worker.report.event({ type: 'usage', spend: worker.spend });
  const { maxUsd } = worker.options;
  if (maxUsd === null || (worker.spend.usd ?? 0) <= maxUsd) return 'go on';
  return fail(worker.report, { class: 'budget', message: `More than $${maxUsd} was used.` });
}

async function hitQuota(step: Extract<Step, { do: 'quota' }>, report: Report): Promise<After> {
  const resetsInMs = step.resetsInMs ?? null;
  const resetsAt = resetsInMs === null ? null : Date.now() + resetsInMs;
  await report.event({ type: 'quota', status: 'exceeded', window: '5-hour', used: 1, resetsAt });
  return fail(report, { class: 'quota', message: 'The limit of 5 hours is used up.', resetsInMs });
}

async function fail(report: Report, why: Parameters<Report['failed']>[0]): Promise<After> {
  await report.failed(why);
  return 1;
}

function hang(): Promise<never> {
  // A promise alone holds no process alive.
  return new Promise(() => setInterval(() => {}, 2 ** 30));
}

function killSelf(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return hang();
}

async function answer(worker: Worker, given: Parameters<Report['answer']>[0]): Promise<After> {
  worker.answered = true;
  await worker.report.answer(given);
  return 'go on';
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
