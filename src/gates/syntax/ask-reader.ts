import { parseJson } from '../../core/json.ts';
import { runCommand, type CommandResult } from '../../platform/process.ts';
import { commandEnvironment } from '../command-environment.ts';
import { answer } from './answer.ts';
import { uncheckedAll, type Job, type Outcomes, type Place } from './job.ts';

/** For one start of a reader, and for all of them in one gate. */
export type ReaderLimits = { callMs: number; allMs: number };

const usual: ReaderLimits = { callMs: 20_000, allMs: 120_000 };

/**
 * Gives the jobs to a program that reads them one after another and answers each at once. Should it hang or die, the file it had in
 * hand is given up when nothing came before it, and the program is started again for the rest. A program that answers nothing at all
 * has not looked.
 */
export async function askReader(
  program: readonly string[],
  jobs: readonly Job[],
  { context, temp }: Place,
  limits: ReaderLimits = usual,
): Promise<Outcomes> {
  const { clock, env, signal } = context;
  const [file = '', ...args] = program;
  const outcomes: Outcomes = new Map();
  const deadline = clock.monotonic() + limits.allMs;
  let left = jobs;
  while (left.length > 0) {
    const timeoutMs = Math.min(limits.callMs, deadline - clock.monotonic());
    if (timeoutMs <= 0) {
      giveUp(outcomes, left, 'the time for reading was over');
      break;
    }
    const list = left.map((job) => ({ ...job, name: job.change.path }));
    const result = await runCommand(file, args, {
      cwd: temp,
      env: commandEnvironment(env, temp),
      stdin: JSON.stringify(list.map(({ file: path, kind, name }) => ({ file: path, kind, name }))),
      timeoutMs,
      signal,
    });
    signal.throwIfAborted();
    for (const line of result.stdout.split('\n')) {
      const parsed = answer.safeParse(parseJson(line)?.value);
      if (parsed.success) outcomes.set(parsed.data.file, parsed.data.outcome);
    }
    const rest = left.filter((job) => !outcomes.has(job.file));
    const hasLooked = outcomes.size > 0 || result.exitCode === null;
    if (!hasLooked) return uncheckedAll(jobs, howItEnded(result));
    if (rest.length === left.length) giveUp(outcomes, rest.slice(0, 1), howItEnded(result));
    left = rest.filter((job) => !outcomes.has(job.file));
  }
  return outcomes;
}

function giveUp(outcomes: Outcomes, jobs: readonly Job[], why: string): void {
  for (const { file } of jobs) outcomes.set(file, { unchecked: why, isOdd: true });
}

function howItEnded({ exitCode, signal, stderr, timedOut, startError }: CommandResult): string {
  if (timedOut) return 'its reader did not come to an end';
  if (startError !== null) return `its reader could not be started: ${startError}`;
  const said = stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
  const end = exitCode === null ? `was ended by ${signal ?? 'a signal'}` : `ended with ${exitCode}`;
  return `its reader ${end}${said === '' ? '' : `: ${said}`}`;
}
