import type { Finding, Verdict } from '../core/gate.ts';
import { errnoOf } from '../platform/files.ts';
import { addedLines, historyLines } from './added-lines.ts';
import { valuesInBase } from './base-values.ts';
import { judge, type GateContext } from './gate-context.ts';
import { rawLines } from './raw-lines.ts';
import { scanLines, type FoundSecret, type Scan } from './scan-lines.ts';

/**
 * Whether a secret would land or was printed. In the change every secret blocks, a value of a profile whatever it looks like: what has
 * landed is spread. In the output only a key
 * blocks that its issuer made, and only when it is not from the repository: then somebody has to change it. Guesses in the output are
 * advice, because nothing of it lands and events are redacted.
 */
export function judgeSecrets(context: GateContext): Promise<Verdict> {
  return judge('secrets', context, async () => {
    const { work, rawFile, secrets, signal } = context;
    const [change, history, output] = await Promise.all([
      scanChange(work, secrets, { read: addedLines, end: work?.tree }),
      scanChange(work, secrets, { read: historyLines, end: work?.commit }),
      rawFile === null ? nothing : scanOutput(rawFile, signal),
    ]);
    const all = [...change.found, ...history.found, ...output.found].map(({ value }) => value);
    const known = work === null ? new Set<string>() : await valuesInBase(work.git, work.base, all);
    const inTree = new Set(change.found.map(({ value }) => value));
    const landing = new Set([...inTree, ...history.found.map(({ value }) => value)]);
    const tooMany = [change, history].some(({ overflow }) => overflow.size > 0);
    return {
      findings: [
        ...change.found.map((one) => inChange(one, known.has(one.value))),
        ...history.found
          .filter(({ value }) => !inTree.has(value))
          .map((one) => inHistory(one, known.has(one.value))),
        ...output.found
          .filter(({ value }) => !landing.has(value))
          .map((one) => inOutput(one, known.has(one.value))),
        ...(change.isCut || history.isCut ? [unsearched] : []),
        ...(tooMany || output.overflow.has('issued') ? [unlisted] : []),
      ],
      evidence: { change: change.lines, history: history.lines, output: rawFile !== null },
    };
  });
}

type ChangeScan = Scan & { lines: number; isCut: boolean };

async function scanChange(
  work: GateContext['work'],
  secrets: readonly string[],
  { read, end }: { read: typeof addedLines; end: string | undefined },
): Promise<ChangeScan> {
  if (work === null || end === undefined) return { ...nothing, lines: 0, isCut: false };
  const { lines, isCut } = await read(work.git, work.base, end);
  return { ...(await scanLines(lines, mostFindings, secrets)), lines: lines.length, isCut };
}

const mostFindings = 200;
const nothing: Scan = { found: [], overflow: new Set() };

async function scanOutput(file: string, signal: AbortSignal): Promise<Scan> {
  try {
    return await scanLines(rawLines(file, signal), mostFindings);
  } catch (cause) {
    signal.throwIfAborted();
    // A worker that printed nothing may have left no file; any other failure must not look like a clean output.
    if (errnoOf(cause) === 'ENOENT') return nothing;
    throw cause;
  }
}

const testPath = /(^|[/._-])(tests?|specs?|fixtures?|mocks?|__tests__)([/._-]|$)/i;

function inChange(one: FoundSecret, isKnown: boolean): Finding {
  const allowed = one.isAllowed && one.certainty === 'guessed';
  const isFixture = one.certainty === 'guessed' && testPath.test(one.file ?? '');
  return {
    severity: isKnown || allowed || isFixture ? 'minor' : 'critical',
    title: `A secret (${one.kind}) is in the change`,
    file: one.file,
    line: one.line,
    evidence: `${masked(one)}. ${changeAdvice(one, isKnown, isFixture)}`,
  };
}

/** Where it stood is of little use: that file may be gone. */
function inHistory(one: FoundSecret, isKnown: boolean): Finding {
  const found = inChange(one, isKnown);
  return {
    ...found,
    title: `A secret (${one.kind}) is in the commits of the change`,
    evidence: `${found.evidence} No file holds it any more, but a commit or its message does, and would land: squash the commits into one without it.`,
  };
}

function changeAdvice(one: FoundSecret, isKnown: boolean, isFixture: boolean): string {
  if (isKnown) return 'It stood in the repository before.';
  if (isFixture) return 'It stands in a test, so it is taken for made up.';
  if (one.certainty === 'issued') {
    return 'Take it out, read it from the environment, and have it replaced where it was issued. A made-up key for a test is put together from parts.';
  }
  return one.isAllowed
    ? 'The line says mo:allow-secret.'
    : 'Take it out and read it from the environment. If it is none, say so on its line: mo:allow-secret.';
}

function inOutput(one: FoundSecret, isKnown: boolean): Finding {
  const blocks = one.certainty === 'issued' && !isKnown;
  return {
    severity: blocks ? 'major' : 'minor',
    title: `A secret (${one.kind}) is in the output of the worker`,
    file: null,
    line: one.line,
    evidence: `${masked(one)}, in that line of the raw output. ${
      blocks
        ? 'It is not from the repository. The model and its vendor have seen it: have it replaced where it was issued, and do not print it.'
        : isKnown
          ? 'It stood in the repository before.'
          : 'It may be none; it does not land.'
    }`,
  };
}

/** The beginning of an issued key only names its issuer; of a guess, and of what a profile holds, nothing may be shown. */
function masked({ value, certainty, kind }: FoundSecret): string {
  const start = certainty === 'issued' && !namesNobody.has(kind) ? value.slice(0, 4) : '';
  return `${start}… (${value.length} characters)`;
}

const namesNobody: ReadonlySet<string> = new Set(['aws-secret-key', 'profile']);

const unsearched: Finding = {
  severity: 'major',
  title: 'The change is too large to be searched for secrets',
  file: null,
  line: null,
  evidence: 'More than 64 MB were added. Leave generated and binary files out, or split the node.',
};

const unlisted: Finding = {
  severity: 'major',
  title: 'There are too many possible secrets to judge them one by one',
  file: null,
  line: null,
  evidence: `Only the first ${mostFindings} of a kind are listed, so nobody can say what the rest are.`,
};
