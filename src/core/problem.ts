import { didYouMean } from './closest.ts';

/** Everything that can go wrong in a way a person or an agent can mend. One text, one code, one exit code each. */
export type Problem =
  | { code: 'bad-input'; what: string; fix: string }
  | { code: 'bad-settings'; file: string; what: string; fix: string }
  | { code: 'untrusted-settings'; file: string; commands: readonly string[] }
  | { code: 'bad-workflow'; source: string; errors: readonly WorkflowError[] }
  | { code: 'goal-empty' }
  | { code: 'goal-too-long'; bytes: number; limit: number }
  /** `call`: the one that names another, where it is not the project's. */
  | { code: 'folder-missing'; folder: string; call?: string }
  | { code: 'not-a-repository'; folder: string; call?: string }
  | { code: 'no-checkout'; folder: string; call?: string }
  | { code: 'no-commits'; folder: string }
  | { code: 'git-too-old'; found: string; needed: string }
  | { code: 'git-failed'; args: readonly string[]; exitCode: number | null; stderr: string }
  | { code: 'git-locked'; lock: string }
  /** `field`: where the caller says that a branch is enough. */
  | { code: 'dirty-checkout'; folder: string; files: readonly string[]; field?: 'land' | 'how' }
  | { code: 'target-moved'; ref: string; expected: string; found: string }
  | { code: 'merge-conflict'; target: string; files: readonly string[] }
  | { code: 'rollback-conflict'; runId: string; target: string; files: readonly string[] }
  | { code: 'nothing-to-take-back'; runId: string; reason: string; fix: string }
  | { code: 'no-remote'; target: string; reason: string }
  | { code: 'push-failed'; branch: string; remote: string; reason: string }
  | { code: 'request-failed'; branch: string; remote: string; reason: string; fix: string }
  | { code: 'run-not-found'; runId: string }
  | { code: 'node-not-found'; runId: string; node: string; known: readonly string[] }
  | {
      code: 'node-state';
      runId: string;
      node: string;
      state: string;
      wanted: string;
      fix: string;
    }
  | { code: 'nothing-to-show'; what: string; fix: string }
  | { code: 'wrong-state'; runId: string; state: string; wanted: string; fix: string }
  | { code: 'unknown-provider'; provider: string; known: readonly string[] }
  | { code: 'unknown-profile'; provider: string; profile: string; known: readonly string[] }
  | { code: 'profiles-unreadable'; file: string; reason: string }
  | { code: 'profile-gone'; provider: string; profile: string; reason: string }
  | { code: 'no-worker'; role: string; reasons: readonly string[] }
  /** `openAt`: when the first of them opens, ms since 1970. */
  | { code: 'lane-closed'; role: string; lanes: readonly string[]; openAt: number }
  | { code: 'cli-missing'; provider: string; binary: string; install: string | null }
  | { code: 'worker-not-started'; provider: string; command: string; reason: string }
  | { code: 'workspace-unwritable'; folder: string; reason: string }
  | { code: 'file-unreadable'; file: string; reason: string }
  | { code: 'disk-full'; file: string }
  | { code: 'store-corrupt'; file: string; reason: string }
  | { code: 'store-newer'; file: string; found: number; known: number }
  | { code: 'store-busy'; file: string }
  | { code: 'day-spent'; ceiling: number; taken: number }
  | { code: 'fenced'; runId: string; epoch: number; newest: number }
  | { code: 'owner-failed'; runId: string; reason: string }
  | { code: 'owner-missing'; runId: string }
  | { code: 'unexpected'; what: string }
  | { code: 'addon-missing'; reason: string }
  | { code: 'check-failed'; what: string; fix: string }
  | { code: 'host-missing'; hosts: readonly string[]; needs: 'anything' | 'program' }
  | { code: 'host-refused'; host: string; what: string }
  | { code: 'hosts-refused'; reasons: readonly string[] }
  | { code: 'install-halted'; done: readonly string[]; host: string; reason: string }
  | { code: 'install-busy'; command: string; pid: number; since: string }
  | { code: 'config-broken'; file: string; line: number | null; what: string }
  | { code: 'config-read-only'; file: string; reason: string }
  | { code: 'entry-foreign'; file: string; command: string }
  | { code: 'copy-edited'; folder: string }
  | { code: 'package-incomplete'; folder: string };

/** `line` and `column` count from 1; null where the source has no positions. */
export type WorkflowError = {
  line: number | null;
  column: number | null;
  /** What stands at that place, cut where it is long. */
  text: string | null;
  where: string;
  what: string;
  fix: string;
};

export type ProblemCode = Problem['code'];

/** 1 not verified, 2 wrong use, 3 waits for a person, 4 budget or quota, 5 environment, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 130;

/** The one error type of mo: what happened, with the names in it, and what to do next. */
export class MoError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(describeProblem(problem), options);
    this.name = 'MoError';
    this.problem = problem;
  }

  get code(): ProblemCode {
    return this.problem.code;
  }

  get exitCode(): ExitCode {
    return exitCodes[this.problem.code];
  }
}

/** Who reads it: a model that calls tools, or a person who types commands. */
export type Surface = 'mcp' | 'cli';

/** Calls in it (`output {run_id: "r-7"}`) are turned into commands by the command line. */
export function describeProblem(problem: Problem, surface: Surface = 'mcp'): string {
  switch (problem.code) {
    case 'bad-input':
      return `${problem.what} ${problem.fix}`;
    case 'bad-settings':
      return `${problem.file}: ${problem.what} ${problem.fix}`.trimEnd();
    case 'untrusted-settings':
      return `${problem.file} names commands that nobody has trusted yet: ${quoted(problem.commands)}. ${howToTrust(surface)}`;
    case 'bad-workflow':
      return [
        `${problem.source} has ${problem.errors.length} ${problem.errors.length === 1 ? 'error' : 'errors'}:`,
        ...problem.errors.map((error) => describeWorkflowError(problem.source, error)),
      ].join('\n');
    case 'goal-empty':
      return 'The goal is empty. Say what you want, such as "Add input validation to all POST endpoints".';
    case 'goal-too-long':
      return `The goal has ${problem.bytes} bytes; at most ${problem.limit} are taken. Put the details into a file of the repository and name it in the goal.`;
    case 'folder-missing':
      return `There is no folder ${problem.folder}. Give an existing one${naming(problem, surface)}.`;
    case 'not-a-repository':
      return `${problem.folder} is not inside a git repository. Run \`git init\` and commit there, or name another folder${naming(problem, surface)}.`;
    case 'no-checkout':
      return `${problem.folder} is a bare repository or a git folder: it has no checkout. Name a checkout${naming(problem, surface)}; \`git worktree add\` makes one.`;
    case 'no-commits':
      return `The repository at ${problem.folder} has no commit yet, so there is nothing to branch from. Commit once, then try again.`;
    case 'git-too-old':
      return `git ${problem.found} is too old: mo needs ${problem.needed} or newer (git merge-tree --write-tree). Update git.`;
    case 'git-failed':
      return `git ${problem.args.join(' ')} failed (exit code ${problem.exitCode ?? 'none'}): ${problem.stderr.trim() || 'no message'}. Mend what git names, then do the same again.`;
    case 'git-locked':
      return `Another git process holds ${problem.lock}, or was killed and left it. If none is at work there, remove that file; then do the same again; ${goingOn(surface)}.`;
    case 'dirty-checkout':
      return `The checkout ${problem.folder} has uncommitted changes (${listed(problem.files)}), so mo does not move it. Commit or stash them, or ${asBranch(problem, surface)}.`;
    case 'target-moved':
      return `${problem.ref} moved from ${short(problem.expected)} to ${short(problem.found)} meanwhile. Do the same again: it starts from the new head.`;
    case 'merge-conflict':
      return `Merging into ${problem.target} conflicts in ${listed(problem.files)}. Merge the run's branch by hand, or move the target and land again.`;
    case 'rollback-conflict':
      return `What ${problem.runId} brought into ${problem.target} cannot be taken back by itself: later commits changed ${listed(problem.files)} as well. Nothing was changed. Revert it by hand there; what it was shows: output {run_id: "${problem.runId}", part: "diff"}`;
    case 'nothing-to-take-back':
      return `There is nothing of ${problem.runId} to take back: ${problem.reason}. ${problem.fix}`;
    case 'no-remote':
      return `There is nowhere to open a pull request against ${problem.target}: ${problem.reason}. Add the remote that takes it (\`git remote add origin <address>\`), or land it by merge.`;
    case 'push-failed':
      return `${problem.branch} could not be pushed to ${problem.remote}: ${problem.reason.trim().replace(/\.$/, '')}. Nothing was overwritten there. Mend what it names, then land again.`;
    case 'request-failed':
      return `${problem.branch} is on ${problem.remote}, but ${problem.reason.trim().replace(/\.$/, '')}. ${problem.fix}`;
    case 'run-not-found':
      return surface === 'cli'
        ? `There is no run ${problem.runId}. \`mo list\` shows all of them.`
        : `There is no run ${problem.runId}. poll {} shows the active runs, usage {by: "run"} those there were.`;
    case 'node-not-found':
      return `Run ${problem.runId} has no node ${problem.node}.${near(problem.node, problem.known)} Its nodes are: ${listed(problem.known)}.`;
    case 'node-state':
      return `Node ${problem.node} of ${problem.runId} is ${problem.state}; that needs one that ${problem.wanted}. ${problem.fix}`;
    case 'nothing-to-show':
      return `${problem.what} ${problem.fix}`;
    case 'wrong-state':
      return `Run ${problem.runId} ${problem.state === 'needs' ? 'waits for you' : `is ${problem.state}`}; that needs a run that is ${problem.wanted}. ${problem.fix}`;
    case 'unknown-provider':
      return `There is no provider ${problem.provider}.${near(problem.provider, problem.known)} Known: ${listed(problem.known)}.`;
    case 'unknown-profile':
      return `Provider ${problem.provider} has no profile ${problem.profile}.${near(problem.profile, problem.known)} Known: ${listed(problem.known)}. Profiles are set in mo.yaml, or come from CC-Switch where \`profiles: { cc_switch: true }\` allows it.`;
    case 'profiles-unreadable':
      return `The profiles of CC-Switch in ${problem.file} cannot be read: ${problem.reason}. Open CC-Switch once, so that it mends or updates them, or leave them out with \`profiles: { cc_switch: false }\` in mo.yaml.`;
    case 'profile-gone':
      return `Profile ${problem.profile} of provider ${problem.provider} comes from CC-Switch and cannot be had now: ${problem.reason.replace(/\.$/, '')}. \`mo models\` shows which there are; then run the node again with one of them.`;
    case 'no-worker':
      return `No worker can take role ${problem.role}: ${problem.reasons.join('; ')}. \`mo health\` shows what is installed and how to mend it.`;
    case 'lane-closed':
      return `Nobody can take role ${problem.role} yet: ${problem.lanes.join('; ')}. Wait until ${new Date(problem.openAt).toISOString()}, or name another provider or profile.`;
    case 'cli-missing':
      return `The command ${problem.binary} of provider ${problem.provider} is not on the PATH. ${installText(problem.install)}, or name another provider. \`mo health\` shows what is there.`;
    case 'worker-not-started':
      return `The system refused to start ${problem.command} (provider ${problem.provider}): ${problem.reason}. E2BIG means arguments and environment that are too long, EAGAIN and ENOMEM a machine that is full. Mend that; ${goingOn(surface)}.`;
    case 'workspace-unwritable':
      return `mo cannot write to ${problem.folder}: ${unwritable(problem.reason)}`;
    case 'file-unreadable':
      return `mo cannot read ${problem.file}: ${problem.reason}. Make it a file that you may read, or move it away.`;
    case 'disk-full':
      return `The disk is full: ${problem.file} could not be written. Free some space, then do the same again; ${goingOn(surface)}.`;
    case 'store-corrupt':
      return `The database ${problem.file} is damaged (${problem.reason}). Nothing was changed. Move it aside (mv '${problem.file}' '${problem.file}.broken') and start again: branches and receipts are untouched.`;
    case 'store-newer':
      return `The database ${problem.file} was written by a newer mo (schema ${problem.found}; this one knows ${problem.known}). Update mo; a session that is older than the update has to be started again.`;
    case 'store-busy':
      return `The database ${problem.file} stayed locked by another process. Try again; if it goes on, see which runs are at work: ${surface === 'cli' ? 'mo list' : 'poll {}'}`;
    case 'day-spent':
      return `The day's ceiling of ${problem.ceiling} USD (limits.usd_per_day) would be passed: with this, ${problem.taken.toFixed(2)} USD are spent or set aside. Wait until other runs end, or raise the ceiling.`;
    case 'fenced':
      return `This owner of ${problem.runId} (epoch ${problem.epoch}) was replaced by a newer one (epoch ${problem.newest}) and stops. See how it goes on with: poll {run_id: "${problem.runId}"}`;
    case 'owner-failed':
      return `The owner of run ${problem.runId} ended early: ${problem.reason.replace(/\.$/, '')}. Go on with: ${resume(problem.runId, surface)}`;
    case 'owner-missing':
      return `Nobody executes ${problem.runId} any more, and a read-only server starts nobody. In a terminal: mo resume ${problem.runId}`;
    case 'unexpected':
      return `mo met something it was not made for: ${problem.what}. That is a mistake in mo: please report it, with what MO_DEBUG=1 prints for the same command.`;
    case 'addon-missing':
      return `The native part of better-sqlite3 does not load: ${problem.reason}. Run \`npm rebuild better-sqlite3\` where mo is installed (it needs python3, make and g++ on Node 20).`;
    case 'check-failed':
      return `${problem.what} ${problem.fix}`;
    case 'host-missing':
      return problem.needs === 'program'
        ? `The program of ${problem.hosts.join(' and ')} is not on the PATH, and this cannot be done without it. Install it, then run the same command again.`
        : `${problem.hosts.join(' and ')} ${problem.hosts.length === 1 ? 'is' : 'are'} not on this machine: no program on the PATH and no configuration. Install ${problem.hosts.length === 1 ? 'it' : 'one of them'}, then run the same command again.`;
    case 'host-refused':
      return `${problem.host} did not take it: ${problem.what.trim().replace(/\.$/, '')}. Mend what it names, then run the same command again.`;
    case 'hosts-refused':
      return problem.reasons.join('\n');
    case 'install-halted':
      return `${problem.done.join(' and ')} ${problem.done.length === 1 ? 'is' : 'are'} done and ${problem.done.length === 1 ? 'stays' : 'stay'}, ${problem.host} is not: ${problem.reason} What is done can be taken out with \`mo uninstall\`.`;
    case 'install-busy':
      return `\`${problem.command}\` (pid ${problem.pid}, since ${problem.since}) is at work on the files of the hosts, so nothing was changed. Wait until it has ended, or end it, then run the same command again.`;
    case 'config-broken':
      return `${problem.file}${problem.line === null ? '' : `:${problem.line}`} cannot be used: ${problem.what}. Nothing was changed. Mend the file, then run the same command again.`;
    case 'config-read-only':
      return `${problem.file} is read-only (${problem.reason}), so nothing was changed. Make it writable; where another tool writes it, \`mo install --dry-run\` from a writable copy shows what belongs there.`;
    case 'entry-foreign':
      return `${problem.file} has a server named mo already that is not this one: ${problem.command}. Rename it there, or replace it with --force (a later \`mo uninstall\` brings yours back).`;
    case 'copy-edited':
      return `${problem.folder} was changed since mo wrote it, or is not from mo, so it stays as it is. Move it away, or replace it with --force: what is there is kept and put back by \`mo uninstall\`.`;
    case 'package-incomplete':
      return `This mo lacks its folder ${problem.folder}. Install it again: npm install --global mo-mcp`;
  }
}

export const exitCodes: Readonly<Record<ProblemCode, ExitCode>> = {
  'target-moved': 1,
  'merge-conflict': 1,
  'rollback-conflict': 1,
  'bad-input': 2,
  'bad-settings': 2,
  'bad-workflow': 2,
  'goal-empty': 2,
  'goal-too-long': 2,
  'folder-missing': 2,
  'run-not-found': 2,
  'node-not-found': 2,
  'node-state': 2,
  'nothing-to-show': 2,
  'nothing-to-take-back': 2,
  'wrong-state': 2,
  'unknown-provider': 2,
  'unknown-profile': 2,
  'entry-foreign': 2,
  'copy-edited': 2,
  'untrusted-settings': 3,
  'day-spent': 4,
  'lane-closed': 4,
  'not-a-repository': 5,
  'no-checkout': 5,
  'no-commits': 5,
  'dirty-checkout': 5,
  'git-too-old': 5,
  'git-failed': 5,
  'git-locked': 5,
  'no-remote': 5,
  'push-failed': 5,
  'request-failed': 5,
  'profiles-unreadable': 5,
  'profile-gone': 5,
  'no-worker': 5,
  'cli-missing': 5,
  'worker-not-started': 5,
  'workspace-unwritable': 5,
  'file-unreadable': 5,
  'disk-full': 5,
  'store-corrupt': 5,
  'store-newer': 5,
  'store-busy': 5,
  fenced: 5,
  'owner-failed': 5,
  'owner-missing': 5,
  unexpected: 5,
  'addon-missing': 5,
  'check-failed': 5,
  'host-missing': 5,
  'host-refused': 5,
  'hosts-refused': 5,
  'install-halted': 5,
  'install-busy': 5,
  'config-broken': 5,
  'config-read-only': 5,
  'package-incomplete': 5,
};

/** One line that editors and terminals can follow, and below it what stands there. */
export function describeWorkflowError(source: string, error: WorkflowError): string {
  const place = error.line === null ? source : `${source}:${error.line}:${error.column ?? 1}`;
  if (error.line === null && error.what.startsWith(source)) return `${error.what} ${error.fix}`;
  const said =
    `${place}: ${error.where ? `${error.where}: ` : ''}${error.what} ${error.fix}`.trimEnd();
  return error.text === null || error.text === '' ? said : `${said}\n    ${error.text}`;
}

/** A model may not trust what a repository wants to run: it only says so. */
export function howToTrust(surface: Surface, what: 'commands' | 'files' = 'commands'): string {
  if (surface === 'cli')
    return `Read the ${what === 'files' ? 'files' : 'file'}, then run \`mo trust\`.`;
  return `Show the user these ${what}; only they may run \`mo trust\` in a terminal.`;
}

function naming({ call }: { call?: string }, surface: Surface): string {
  if (call !== undefined) return `: ${call}`;
  return surface === 'cli' ? ' with --cwd' : '';
}

function asBranch({ field = 'how' }: { field?: 'land' | 'how' }, surface: Surface): string {
  if (field === 'how') return 'land {how: "branch"}';
  return surface === 'cli' ? 'give --land branch' : 'give land: "branch"';
}

function goingOn(surface: Surface): string {
  return `a run that had begun goes on with ${resume('<run>', surface)}`;
}

function resume(runId: string, surface: Surface): string {
  return surface === 'cli'
    ? `mo resume ${runId}`
    : `workflow_control {run_id: "${runId}", action: "resume"}`;
}

/** `reason` is the code of the system's error, or a text. */
function unwritable(reason: string): string {
  switch (reason) {
    case 'EEXIST':
      return 'a file of that name is in the way. Rename or remove that file.';
    case 'ENOTDIR':
      return 'a part of its path is a file (ENOTDIR). Rename or remove that file.';
    case 'EROFS':
      return 'the file system is read-only (EROFS). Mount it writable, or work in a copy elsewhere.';
    default:
      return `${reason}. Make the folder writable.`;
  }
}

/** How a missing CLI comes to be there, as the beginning of a sentence. */
export function installText(command: string | null): string {
  return command === null ? 'Install it' : `Install it with \`${command}\``;
}

function near(word: string, known: readonly string[]): string {
  const meant = didYouMean(word, known);
  return meant === null ? '' : ` ${meant}`;
}

function quoted(texts: readonly string[]): string {
  return texts.map((text) => `\`${text}\``).join(', ');
}

function listed(texts: readonly string[]): string {
  if (texts.length === 0) return 'none';
  const shown = texts.slice(0, 8).join(', ');
  return texts.length > 8 ? `${shown} and ${texts.length - 8} more` : shown;
}

function short(commit: string): string {
  return commit.slice(0, 10);
}
