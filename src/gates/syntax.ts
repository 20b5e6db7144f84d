import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Finding, Verdict } from '../core/gate.ts';
import type { SyntaxCommands } from '../core/node.ts';
import { changedFiles, readBlobs, blobSizes, type ChangedFile } from '../git/blobs.ts';
import { judge, type GateContext } from './gate-context.ts';
import { makeGateFolder } from './left-behind.ts';
import type { Problem } from './syntax/answer.ts';
import { kindOfContent, kindOfName, mayHaveShebang } from './syntax/file-kind.ts';
import type { Job, Outcomes, Place } from './syntax/job.ts';
import { commandFor, runProjectCommands } from './syntax/project-commands.ts';
import { toolsFor } from './syntax/tools.ts';

/**
 * Whether the changed files can be read as what their names say, by their bytes in git. It runs nothing of the worker's; only a command
 * of the settings runs in the worktree. What could not be checked is named in the evidence and fails nothing.
 */
export function judgeSyntax(commands: SyntaxCommands, context: GateContext): Promise<Verdict> {
  const { work } = context;
  return judge('syntax', context, async () => {
    if (work === null) return { findings: [], evidence: { checked: 'nothing: not inside git' } };
    const temp = await makeGateFolder(context);
    try {
      return await check(commands, work, { context, temp });
    } finally {
      await rm(temp, { recursive: true, force: true });
    }
  });
}

/** A parser needs much more memory than its text. */
const mostBytes = 5_000_000;
/** What is held in memory, and written to the temp folder, at once. */
const mostBytesInAll = 64_000_000;
const mostFiles = 20_000;
const mostFindings = 200;
const mostListed = 2_000;

type Work = NonNullable<GateContext['work']>;
type Unchecked = { file: string; why: string; isOdd?: boolean | undefined };

async function check(commands: SyntaxCommands, work: Work, place: Place) {
  const files = await changedFiles(work.git, work.base, work.tree);
  const own = files.filter(({ path }) => commandFor(commands, path) === undefined);
  const { jobs, unchecked } = await jobsOf(own, work, place.temp);
  const outcomes = await readAll(jobs, place);
  const broken = jobs.filter((job) => problemsOf(outcomes, job).length > 0);
  const wereBroken = await brokenBefore(broken, work, place);
  const projects = byCommand(commands, files);
  const missed = [
    ...unchecked,
    ...uncheckedOf(jobs, outcomes),
    ...switchedOff(commands, files),
  ].toSorted((one, other) => byText(one.file, other.file));
  const findings = [
    ...broken.flatMap((job) =>
      problemsOf(outcomes, job).map((problem) => asFinding(job.change.path, problem, wereBroken)),
    ),
    ...missed.filter(({ isOdd }) => isOdd === true).map(notReadable),
    ...(await runProjectCommands(projects, place)),
  ];
  return {
    findings: capped(findings),
    evidence: {
      tree: work.tree,
      checked: countKinds(jobs, outcomes),
      commands: Object.fromEntries(
        [...projects].map(([command, paths]) => [command, paths.length]),
      ),
      notChecked: missed.slice(0, mostListed).map(({ file, why }) => ({ file, why })),
      notCheckedInAll: missed.length,
      filesInAll: files.length,
    },
  };
}

/** The files somebody can read, each copied to a file of its own, and those that are passed over though their name is known. */
async function jobsOf(
  files: readonly ChangedFile[],
  { git }: Work,
  temp: string,
): Promise<{ jobs: Job[]; unchecked: Unchecked[] }> {
  const known = files.filter(({ path }) => kindOfName(path) !== null || mayHaveShebang(path));
  const sizes = await blobSizes(
    git,
    known.map(({ object }) => object),
  );
  const unchecked: Unchecked[] = [];
  const wanted: ChangedFile[] = [];
  let left = mostBytesInAll;
  for (const change of known) {
    const size = sizes.get(change.object) ?? 0;
    const why = whyNot(size, left, wanted.length);
    if (why === null) {
      wanted.push(change);
      left -= size;
    } else if (kindOfName(change.path) !== null) {
      unchecked.push({ file: change.path, why });
    }
  }
  const blobs = await readBlobs(
    git,
    wanted.map(({ object }) => object),
  );
  const jobs: Job[] = [];
  for (const change of wanted) {
    const content = blobs.get(change.object) ?? Buffer.alloc(0);
    const name = kindOfName(change.path);
    if (isBinary(content)) {
      if (name !== null) unchecked.push({ file: change.path, why: 'it is binary' });
      continue;
    }
    const kind = kindOfContent(name, content);
    if (kind === null) {
      if (name !== null) unchecked.push({ file: change.path, why: 'it is in another language' });
      continue;
    }
    // gofmt passes over names that do not end so.
    const file = join(temp, `${jobs.length}${kind === 'go' ? '.go' : ''}`);
    await writeFile(file, content, { mode: 0o600 });
    jobs.push({ change, kind, file });
  }
  return { jobs, unchecked };
}

function whyNot(size: number, left: number, files: number): string | null {
  if (size > mostBytes) return `it is larger than ${mostBytes / 1e6} MB`;
  if (size > left || files >= mostFiles) return 'the change is too large';
  return null;
}

/** As git tells it: by a NUL. */
function isBinary(content: Buffer): boolean {
  return content.subarray(0, 8_000).includes(0);
}

async function readAll(jobs: readonly Job[], place: Place): Promise<Outcomes> {
  const outcomes: Outcomes = new Map();
  for (const group of toolsFor(jobs)) {
    for (const [file, outcome] of await group.tool(group.jobs, place)) outcomes.set(file, outcome);
  }
  return outcomes;
}

/** Paths of the broken files that could not be read before either. */
async function brokenBefore(
  broken: readonly Job[],
  { git }: Work,
  { context, temp }: Place,
): Promise<ReadonlySet<string>> {
  const old = broken.flatMap((job) =>
    job.change.before === null ? [] : [{ ...job, object: job.change.before }],
  );
  if (old.length === 0) return new Set();
  const sizes = await blobSizes(
    git,
    old.map(({ object }) => object),
  );
  const readable = old.filter(({ object }) => (sizes.get(object) ?? 0) <= mostBytes);
  const blobs = await readBlobs(
    git,
    readable.map(({ object }) => object),
  );
  const before = await mkdtemp(join(temp, 'before-'));
  const jobs = readable.map((job) => ({ ...job, file: join(before, basename(job.file)) }));
  for (const { file, object } of jobs) {
    await writeFile(file, blobs.get(object) ?? Buffer.alloc(0), { mode: 0o600 });
  }
  const outcomes = await readAll(jobs, { context, temp: before });
  return new Set(
    jobs.filter((job) => problemsOf(outcomes, job).length > 0).map(({ change }) => change.path),
  );
}

function problemsOf(outcomes: Outcomes, { file }: Job): readonly Problem[] {
  const outcome = outcomes.get(file);
  return outcome !== undefined && 'problems' in outcome ? outcome.problems : [];
}

function uncheckedOf(jobs: readonly Job[], outcomes: Outcomes): Unchecked[] {
  return jobs.flatMap(({ file, change }) => {
    const outcome = outcomes.get(file) ?? { unchecked: 'its reader did not answer', isOdd: true };
    return 'unchecked' in outcome
      ? [{ file: change.path, why: outcome.unchecked, isOdd: outcome.isOdd }]
      : [];
  });
}

function switchedOff(commands: SyntaxCommands, files: readonly ChangedFile[]): Unchecked[] {
  return files
    .filter(({ path }) => commandFor(commands, path) === false)
    .map(({ path }) => ({ file: path, why: 'gates.syntax in the settings says so' }));
}

function byCommand(
  commands: SyntaxCommands,
  files: readonly ChangedFile[],
): ReadonlyMap<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { path } of files) {
    const command = commandFor(commands, path);
    if (command === undefined || command === false) continue;
    groups.set(command, [...(groups.get(command) ?? []), path]);
  }
  return groups;
}

function countKinds(jobs: readonly Job[], outcomes: Outcomes): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind, file } of jobs) {
    const outcome = outcomes.get(file);
    if (outcome !== undefined && 'problems' in outcome) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** Names under which tests keep what is meant to be broken. */
const samplePath =
  /(^|[/._-])(fixtures?|__fixtures__|testdata|test-data|snapshots?|invalid|broken|malformed)([/._-]|$)/i;

function asFinding(path: string, { line, message }: Problem, before: ReadonlySet<string>): Finding {
  const wasBroken = before.has(path);
  const isSample = samplePath.test(path);
  return {
    severity: wasBroken || isSample ? 'minor' : 'major',
    title: `${path}${line === null ? '' : `:${line}`} cannot be read: ${message}`,
    file: path,
    line,
    evidence: wasBroken
      ? 'It could not be read before either.'
      : isSample
        ? 'By its name it is a sample, which may be broken on purpose.'
        : 'Mend it. A file that is meant to be so lies in a folder named fixtures; a kind of file is left out by gates.syntax in mo.yaml.',
  };
}

function notReadable({ file, why }: Unchecked): Finding {
  return {
    severity: 'minor',
    title: `${file} was not checked: ${why}`,
    file,
    line: null,
    evidence: 'Somebody should look at it: no parser has.',
  };
}

function capped(findings: readonly Finding[]): Finding[] {
  const sorted = findings.toSorted(
    (one, other) =>
      rank[one.severity] - rank[other.severity] || byText(one.file ?? '', other.file ?? ''),
  );
  const left = sorted.length - mostFindings;
  if (left <= 0) return sorted;
  const more: Finding = {
    severity: 'info',
    title: `There are ${left} more findings`,
    file: null,
    line: null,
    evidence: `Only the first ${mostFindings} are listed.`,
  };
  return [...sorted.slice(0, mostFindings), more];
}

const rank = { critical: 0, major: 1, minor: 2, info: 3 } as const;

function byText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
