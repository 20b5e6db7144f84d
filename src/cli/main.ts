import { Command, CommanderError } from 'commander';
import { describeProblem, MoError } from '../core/problem.ts';
import { fileProblem } from '../platform/files.ts';
import { operations } from '../operations/operations.ts';
import { asCommands } from './as-commands.ts';
import type { CliDeps } from './cli-deps.ts';
import { commands } from './commands/commands.ts';
import { operationCommand } from './operation-command.ts';
import { withoutColor } from './terminal.ts';

/** Runs one command line to its end and returns the exit code. */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<number> {
  const outcome = { exitCode: 0 };
  const program = programOf(deps, outcome);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const known = error instanceof MoError ? error : unexpected(error);
    deps.terminal.err(`mo: ${asCommands(describeProblem(known.problem, 'cli'), operations)}`);
    if (deps.isDebugging === true && known.stack !== undefined) deps.terminal.err(traceOf(known));
    return known.exitCode;
  }
}

/** A full disk and a folder that nobody may write to are met in many places; anything else is a mistake in mo. */
function unexpected(error: unknown): MoError {
  const path = error instanceof Error && 'path' in error ? String(error.path) : process.cwd();
  const known = fileProblem(path, error);
  if (known instanceof MoError) return known;
  const what = error instanceof Error ? error.message : String(error);
  return new MoError({ code: 'unexpected', what }, { cause: error });
}

function traceOf(error: MoError): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack ?? ''}` : '';
  return `${error.stack ?? ''}${cause}`;
}

export function programOf(deps: CliDeps, outcome: { exitCode: number }): Command {
  const program: Command = new Command('mo')
    .description(
      'A goal goes in; verified, merged work comes out. Hands coding goals to several coding agents at once.',
    )
    .version(deps.version, '-V, --version', 'print the version')
    .option('--cwd <folder>', 'the project (default: the current folder)')
    .option('--json', 'print one JSON object instead of text')
    .option('--no-color', 'plain lines without colours (also: NO_COLOR)')
    .helpCommand('help [command]', 'say more about a command')
    .configureHelp({
      showGlobalOptions: true,
      // A command that holds others (`mo project apply`) has flags of its own, which are not theirs.
      visibleGlobalOptions: (command) => (command === program ? [] : [...program.options]),
      helpWidth: Math.min(deps.terminal.width(), 100),
    })
    .exitOverride()
    .configureOutput({
      writeOut: deps.terminal.out,
      writeErr: deps.terminal.err,
      outputError: (text, write) => write(`mo: ${readable(text, 'mo')}`),
    })
    .addHelpText('after', examples);
  const shell = (command: Command): CliDeps =>
    command.optsWithGlobals()['color'] === false
      ? { ...deps, terminal: withoutColor(deps.terminal) }
      : deps;
  for (const command of commands) command(program, { shell, outcome });
  for (const operation of operations) operationCommand(program, operation, { shell, outcome });
  pointToOwnHelp(program, 'mo');
  return program;
}

function pointToOwnHelp(parent: Command, path: string): void {
  for (const command of parent.commands) {
    const own = `${path} ${command.name()}`;
    command.configureOutput({
      ...command.configureOutput(),
      outputError: (text, write) => write(`mo: ${readable(text, own)}`),
    });
    pointToOwnHelp(command, own);
  }
}

const examples = `
Examples:
  $ mo do "Add input validation to all POST endpoints"
  $ mo bulk "Document {item}" --over "src/**"   the same for every file
  $ mo run "Explain how sessions are stored" --role architecture
  $ mo watch            the newest active run
  $ mo health           which agents are here

Exit codes: 0 done and verified, 1 finished but not verified, 2 wrong use, 3 waits for a person,
4 budget or quota, 5 environment, 130 interrupted.`;

/** Commander says `error: unknown option '--jsn'`; a sentence reads the same everywhere. */
function readable(text: string, command: string): string {
  const [first = '', ...rest] = text
    .replace(/^error: /, '')
    .trim()
    .split('\n');
  const sentence = first.charAt(0).toUpperCase() + first.slice(1);
  const more = rest.map((line) => line.replace(/^\((.*)\)$/, '$1')).join(' ');
  return `${sentence}${/[.?!]$/.test(sentence) ? '' : '.'}${more === '' ? '' : ` ${more}`} See: ${command} --help`;
}
