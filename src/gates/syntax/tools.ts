import { basename, join } from 'node:path';
import { findBinary } from '../../platform/find-binary.ts';
import { packageRoot } from '../../platform/package-root.ts';
import { runCommand } from '../../platform/process.ts';
import { commandEnvironment } from '../command-environment.ts';
import type { Outcome } from './answer.ts';
import { askReader } from './ask-reader.ts';
import type { FileKind } from './file-kind.ts';
import { uncheckedAll, type Job, type Outcomes, type Place } from './job.ts';
import { quoted, runEach, type FileEnd } from './run-each.ts';

type Tool = (jobs: readonly Job[], place: Place) => Promise<Outcomes>;

/** Who reads which files. All of a tool's files go to it at once; it is told where copies of them lie, never the worktree. */
export function toolsFor(jobs: readonly Job[]): { jobs: Job[]; tool: Tool }[] {
  const groups = tools.map(({ kinds, tool }) => ({
    jobs: jobs.filter(({ kind }) => kinds.includes(kind)),
    tool,
  }));
  return groups.filter((group) => group.jobs.length > 0);
}

const tools: readonly { kinds: readonly FileKind[]; tool: Tool }[] = [
  { kinds: ['json', 'jsonc', 'jsonl', 'yaml', 'toml', 'script'], tool: ownReader },
  { kinds: ['python'], tool: python },
  { kinds: ['bash'], tool: (jobs, place) => shell('bash', jobs, place) },
  { kinds: ['sh'], tool: (jobs, place) => shell('sh', jobs, place) },
  { kinds: ['go'], tool: go },
  { kinds: ['rust'], tool: rust },
];

const toolTimeoutMs = 120_000;
/** For tools that are started once for each file. */
const mostTimeoutMs = 600_000;

/** 1 GB: five megabytes of script become several hundred of tree. */
function ownReader(jobs: readonly Job[], place: Place): Promise<Outcomes> {
  const file = join(packageRoot(), 'dist', 'syntax-reader.mjs');
  return askReader([process.execPath, '--max-old-space-size=1024', file], jobs, place);
}

/** Isolated and without site packages: nothing of the project, the user or the environment is imported, and nothing is written. */
async function python(jobs: readonly Job[], place: Place): Promise<Outcomes> {
  const found = findBinary('python3', place.context.env);
  if (found === null) return missing('python3', jobs);
  return askReader([...found, '-I', '-S', '-B', '-c', pythonReader], jobs, place);
}

const pythonReader = `
import ast, json, sys, warnings
warnings.simplefilter("ignore")
for job in json.load(sys.stdin):
    try:
        with open(job["file"], "rb") as source:
            text = source.read()
        ast.parse(text, "file")
        outcome = {"problems": []}
    except SyntaxError as error:
        outcome = {"problems": [{"line": error.lineno, "message": str(error.msg)[:300]}]}
    except (RecursionError, MemoryError):
        outcome = {"unchecked": "it is nested too deeply to be read", "isOdd": True}
    except Exception as error:
        outcome = {"unchecked": "its reader failed: " + str(error)[:300], "isOdd": True}
    print(json.dumps({"file": job["file"], "outcome": outcome}), flush=True)
`;

async function shell(name: 'bash' | 'sh', jobs: readonly Job[], place: Place): Promise<Outcomes> {
  const found = findBinary(name, place.context.env)?.[0];
  if (found === undefined) return missing(name, jobs);
  // bash says "line 3:", others only "3:".
  return eachFile(
    name,
    `LC_ALL=C exec ${quoted(found)} -n <"$MO_FILE"`,
    jobs,
    place,
    /: (?:line )?(\d+): (.*)/,
  );
}

/** From stdin, so that it does not go looking for the modules a file names. What it says without a place is about itself. */
async function rust(jobs: readonly Job[], place: Place): Promise<Outcomes> {
  const found = findBinary('rustfmt', place.context.env)?.[0];
  if (found === undefined) return missing('rustfmt', jobs);
  const command = `exec ${quoted(found)} --edition 2021 --emit stdout <"$MO_FILE"`;
  return eachFile(
    'rustfmt',
    command,
    jobs,
    place,
    /^error(?:\[E\d+\])?: (.*)\n\s*--> <stdin>:(\d+):/m,
  );
}

async function eachFile(
  name: string,
  command: string,
  jobs: readonly Job[],
  { context, temp }: Place,
  place: RegExp,
): Promise<Outcomes> {
  // Not in the worktree: a tool would read settings there, which a worker may have written.
  const away = { context: { ...context, folder: temp }, temp };
  const files = jobs.map(({ file }) => file);
  const timeoutMs = Math.min(toolTimeoutMs + files.length * 300, mostTimeoutMs);
  const { ends } = await runEach(command, files, away, { timeoutMs, name });
  return new Map(ends.map((end) => [end.file, outcomeOf(name, end, place)]));
}

function outcomeOf(name: string, { exitCode, output }: FileEnd, place: RegExp): Outcome {
  if (exitCode === 0) return { problems: [] };
  if (exitCode === null) return { unchecked: `${name} did not come to an end`, isOdd: true };
  const [, one = '', other = ''] = place.exec(output) ?? [];
  const line = /^\d+$/.test(one) ? one : other;
  if (line === '') return { unchecked: `${name} ended with ${exitCode}: ${firstLine(output)}` };
  return { problems: [{ line: Number(line), message: line === one ? other : one }] };
}

/** \`-l\`: names instead of texts on stdout. Errors are on stderr, with the name of the file. */
async function go(jobs: readonly Job[], { context, temp }: Place): Promise<Outcomes> {
  const found = findBinary('gofmt', context.env);
  if (found === null) return missing('gofmt', jobs);
  const [file = '', ...args] = found;
  const result = await runCommand(
    file,
    [...args, '-l', '-e', ...jobs.map((job) => basename(job.file))],
    {
      cwd: temp,
      env: commandEnvironment(context.env, temp),
      timeoutMs: toolTimeoutMs,
      signal: context.signal,
    },
  );
  context.signal.throwIfAborted();
  const problems = new Map<string, { line: number; message: string }[]>();
  for (const text of result.stderr.split('\n')) {
    const [, name = '', line = '', message = ''] = /^(\S+?):(\d+):\d+: (.*)$/.exec(text) ?? [];
    if (name !== '')
      problems.set(name, [...(problems.get(name) ?? []), { line: Number(line), message }]);
  }
  const isSure = result.exitCode === 0 || problems.size > 0;
  if (!isSure)
    return uncheckedAll(jobs, `gofmt ended with ${result.exitCode}: ${firstLine(result.stderr)}`);
  return new Map(
    jobs.map((job) => [
      job.file,
      { problems: (problems.get(basename(job.file)) ?? []).slice(0, 5) },
    ]),
  );
}

function missing(name: string, jobs: readonly Job[]): Outcomes {
  return uncheckedAll(jobs, `${name} is not on the PATH`);
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]?.slice(0, 300) ?? '';
}
