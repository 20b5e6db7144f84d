import { systemClock, type Clock } from '../platform/clock.ts';
import type { Environment } from '../platform/environment.ts';
import { runCommand, type CommandResult } from '../platform/process.ts';
import { gitError, isLockError } from './git-error.ts';

export type GitOptions = { env: Environment; signal?: AbortSignal; clock?: Clock };

type GitCall = {
  stdin?: string | Buffer;
  /** Added to the cleaned environment of this call only. */
  env?: Environment;
  /** Exit codes that are an answer, not a failure; default only 0. */
  accept?: readonly number[];
  /** Output beyond this is cut and `isCut` is set; default 100 MB, beyond which the call fails. */
  cutAt?: number;
  /** `latin1`: one character for each byte of the output; default `utf8`. */
  encoding?: 'utf8' | 'latin1';
  /** For calls that leave this machine: after so long it is ended with all it has started, and has failed; it has no terminal to ask at. */
  timeoutMs?: number;
};

export type GitAnswer = { stdout: string; stderr: string; exitCode: number; isCut: boolean };

/** The one door to git: a cleaned environment, pinned options, failures as MoError; when the signal is aborted, its reason. */
export type Git = {
  readonly folder: string;
  readonly run: (args: readonly string[], call?: GitCall) => Promise<GitAnswer>;
  /** stdout of a call that must exit with 0. */
  readonly text: (args: readonly string[], call?: GitCall) => Promise<string>;
  /** Asks once for what stays true as long as this git is used: all its folders, which are checkouts of one repository, share the answers. */
  readonly remember: (question: string, ask: () => Promise<string>) => Promise<string>;
  /** The same git in another folder of the repository. */
  readonly at: (folder: string) => Git;
  /** The same git on a checkout whose git folder is known, so that nothing inside the checkout can lead it elsewhere. */
  readonly pinnedTo: (place: { folder: string; gitDir: string }) => Git;
};

export function createGit(folder: string, options: GitOptions): Git {
  return gitOn({ folder, env: cleaned(options.env), options, answers: new Map() });
}

/** The records of an output written with -z. */
export function records(text: string): string[] {
  const parts = text.split('\0');
  if (parts.at(-1) === '') parts.pop();
  return parts;
}

/** The one line of an output, which may itself hold line breaks when it is a path. */
export function line(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}

/** What a repository, a user or a worker has configured must not change what mo's own calls do. */
const pins = [
  'core.quotePath=false',
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.untrackedCache=false',
  'core.splitIndex=false',
  'core.trustctime=true',
  'core.checkStat=default',
  'core.safecrlf=false',
  'commit.gpgSign=false',
  'merge.verifySignatures=false',
  'merge.autoStash=false',
  'add.ignoreErrors=false',
  'submodule.recurse=false',
  'diff.ignoreSubmodules=none',
  'worktree.useRelativePaths=false',
  'i18n.commitEncoding=UTF-8',
  'advice.addEmbeddedRepo=false',
  'gc.auto=0',
  'maintenance.auto=false',
].flatMap((pin) => ['-c', pin]);

const kept = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'XDG_CONFIG_HOME',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SystemRoot',
  'USERPROFILE',
  'APPDATA',
];

/** A surrounding hook or git alias exports GIT_DIR and the like, which would send every call to another repository. */
function cleaned(env: Environment): Environment {
  return {
    ...Object.fromEntries(kept.map((name) => [name, env[name]])),
    LC_ALL: 'C',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_TERMINAL_PROMPT: '0',
    // A replace ref would let a worker show one history and land another.
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_EDITOR: ':',
    GIT_PAGER: 'cat',
  };
}

type Place = {
  folder: string;
  env: Environment;
  options: GitOptions;
  answers: Map<string, Promise<string>>;
};

function gitOn(place: Place): Git {
  const { folder, env } = place;
  const run = (args: readonly string[], call: GitCall = {}): Promise<GitAnswer> =>
    runPatiently(place, args, call);
  return {
    folder,
    run,
    text: async (args, call) => (await run(args, call)).stdout,
    remember: (question, ask) => remember(place.answers, question, ask),
    at: (other) =>
      gitOn({
        ...place,
        folder: other,
        env: { ...env, GIT_DIR: undefined, GIT_WORK_TREE: undefined },
      }),
    pinnedTo: (at) =>
      gitOn({
        ...place,
        folder: at.folder,
        env: { ...env, GIT_DIR: at.gitDir, GIT_WORK_TREE: at.folder },
      }),
  };
}

/** What could not be answered is asked again. */
function remember(
  answers: Map<string, Promise<string>>,
  question: string,
  ask: () => Promise<string>,
): Promise<string> {
  const known = answers.get(question);
  if (known !== undefined) return known;
  const asked = ask();
  answers.set(question, asked);
  asked.catch(() => answers.delete(question));
  return asked;
}

/** Together about three seconds: longer than any lock git holds while it works, short for one that nobody holds any more. */
const patienceMs = [20, 40, 80, 160, 320, 640, 640, 640, 640];

async function runPatiently(
  place: Place,
  args: readonly string[],
  call: GitCall,
): Promise<GitAnswer> {
  const { clock = systemClock, signal } = place.options;
  signal?.throwIfAborted();
  let result = await runOnce(place, args, call);
  for (const waitMs of patienceMs) {
    if (result.exitCode === 0 || !isLockError(result.stderr)) break;
    await clock.sleep(waitMs, signal);
    signal?.throwIfAborted();
    result = await runOnce(place, args, call);
  }
  const answer = asAnswer(result, call);
  if (answer !== null) return answer;
  signal?.throwIfAborted();
  throw await gitError(place.folder, args, result);
}

function runOnce(place: Place, args: readonly string[], call: GitCall): Promise<CommandResult> {
  const { signal } = place.options;
  return runCommand('git', [...pins, ...args], {
    cwd: place.folder,
    env: { ...place.env, ...call.env },
    ...(call.stdin === undefined ? {} : { stdin: call.stdin }),
    ...(signal === undefined ? {} : { signal }),
    ...(call.cutAt === undefined ? {} : { maxBytes: call.cutAt }),
    ...(call.encoding === undefined ? {} : { encoding: call.encoding }),
    ...(call.timeoutMs === undefined ? {} : { timeoutMs: call.timeoutMs, isApart: true }),
  });
}

/** null: it failed. */
function asAnswer(result: CommandResult, call: GitCall): GitAnswer | null {
  const { stdout, stderr, exitCode } = result;
  // Whoever says more than the limit is ended, so a cut output has no exit code of its own.
  if (exitCode === null) {
    const isCut = call.cutAt !== undefined && result.isCut;
    return isCut ? { stdout, stderr, exitCode: 0, isCut } : null;
  }
  if (!(call.accept ?? [0]).includes(exitCode)) return null;
  return { stdout, stderr, exitCode, isCut: false };
}
