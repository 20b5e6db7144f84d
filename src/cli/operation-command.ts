import type { Command } from 'commander';
import { z } from 'zod';
import type { Answer, Operation } from '../operations/operation.ts';
import { operations } from '../operations/operations.ts';
import { asCommands } from './as-commands.ts';
import type { CommandHost } from './cli-deps.ts';
import { runCommandCall, type CommandCall } from './command-call.ts';
import { flagWords } from './flag-words.ts';
import { flagsOf, inputOf } from './flags.ts';
import { readStdin } from './read-stdin.ts';

/** The command that an operation means: flags from its input, `--json` for what a tool would answer. */
export function operationCommand(program: Command, operation: Operation, host: CommandHost): void {
  const flags = flagsOf(operation.input, operation.name);
  const command = commandFor(program, operation.name)
    .summary(operation.title)
    .description(operation.summary);
  for (const field of operation.positional) {
    const stdin = field === operation.fromStdin?.given ? '; - reads stdin' : '';
    const words = flagWords(operation.name, [field]) ?? 'the same as its flag';
    command.argument(`[${field.replaceAll('_', '-')}]`, `${words}${stdin}`);
  }
  for (const { option } of flags) command.addOption(option);
  if (operation.kind === 'start') {
    command.option('--detach', 'print the run id and leave');
  }
  command.action(async (...args: unknown[]) => {
    await runCommandCall(command, host, async (call) => {
      const input = inputOf(flags, command.opts());
      for (const [place, field] of operation.positional.entries()) {
        const word = args[place];
        if (typeof word === 'string') input[field] ??= word;
      }
      const { fromStdin } = operation;
      if (fromStdin !== null && input[fromStdin.given] === '-') {
        delete input[fromStdin.given];
        input[fromStdin.as] = await readStdin(process.stdin, fromStdin.as);
      }
      const answer = await operation.call(input, call.context);
      const started = startedRun.safeParse(answer.data);
      if (operation.kind !== 'start' || !started.success || isDetached(command)) {
        return print(answer, call);
      }
      return stayWith(answer.data, started.data.run_id, operation, call);
    });
  });
}

const startedRun = z.object({ run_id: z.string() });

function isDetached(command: Command): boolean {
  return z.object({ detach: z.boolean().optional() }).parse(command.opts()).detach === true;
}

/** A person who starts something in a terminal wants to see what comes of it; a tool call returns at once instead. */
async function stayWith(
  started: Answer['data'],
  runId: string,
  operation: Operation,
  call: CommandCall,
): Promise<number> {
  const { follow } = await import('./follow.ts');
  const { finish } = await import('./finish.ts');
  const picture = await follow(call, runId);
  const found =
    picture.state === 'succeeded' && !call.json ? await resultOf(operation, runId, call) : null;
  if (found !== null) {
    call.terminal.out(found);
    return finish({ ...call, terminal: { ...call.terminal, out: call.terminal.err } }, picture);
  }
  return finish(call, picture, { ...started, next: `output {run_id: "${runId}"}` });
}

/** What a person started it for, where that is a text and not a branch. */
async function resultOf(
  operation: Operation,
  runId: string,
  { context }: CommandCall,
): Promise<string | null> {
  const { resultOfRun, resultText } = await import('../operations/run-result.ts');
  const found = await resultOfRun(await context.store(), runId);
  if (found !== null) return resultText(found);
  if (operation.name !== 'run') return null;
  const { output } = await import('../operations/output.ts');
  const asked = { run_id: runId, part: 'result' as const, cursor: 0, max_bytes: 30_000 };
  return (await output.run(asked, context)).text;
}

/** Prints an answer the way this call asked for and returns its exit code. */
export function print(answer: Answer, call: Pick<CommandCall, 'terminal' | 'json'>): number {
  if (call.json) call.terminal.out(JSON.stringify(answer.data, null, 2));
  else call.terminal.out(answer.text ?? asCommands(answer.reading, operations));
  return answer.exitCode;
}

/** `workflow_run` is `mo workflow run`: its first word is a command that holds others. */
function commandFor(program: Command, name: string): Command {
  const [group, ...rest] = name.split('_');
  if (group === undefined || rest.length === 0) return program.command(name);
  const parent =
    program.commands.find((command) => command.name() === group) ??
    program.command(group).description(`Commands about ${group}s`);
  return parent.command(rest.join('-'));
}
