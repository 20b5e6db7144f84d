import { z } from 'zod';
import type { Finding } from './gate.ts';
import type { Json } from './json.ts';
import type { Change } from './scope.ts';

/** A command the stream of a worker shows. `ok` and `exitCode` are null where the stream does not say how it ended. */
export type CommandRun = { command: string; ok: boolean | null; exitCode: number | null };

/**
 * What a worker ran: its commands in order; `hidden`: other tools of it (a subagent, a server) that may have run some unseen.
 * `written`: the paths its own writing tools name.
 */
export type CommandsRun = {
  runs: readonly CommandRun[];
  hidden: boolean;
  written: readonly string[];
};

/** What a handoff says the worker did. `exitCode` null: only that it ran. */
export type Claims = {
  files: readonly string[];
  commands: readonly { command: string; exitCode: number | null }[];
};

/** The claims of a handoff that fits the contract of its role; empty where the role makes none. */
export function claimsOf(handoff: Json | null): Claims | null {
  const found = claiming.safeParse(handoff).data;
  if (found === undefined) return null;
  const measured = found.measurements.flatMap(({ command }) =>
    command === null || command.trim() === '' ? [] : [{ command, exitCode: null }],
  );
  if (found.changed_files === undefined && measured.length === 0) return null;
  const commands = found.commands.map(({ command, exit_code: exitCode }) => ({
    command,
    exitCode,
  }));
  return { files: found.changed_files ?? [], commands: [...commands, ...measured] };
}

/**
 * Files that are said to be changed and are not: major, but minor where the worker has written to them and they hold what they held
 * before. Files that are changed and not said: one minor finding.
 */
export function fileFindings(
  claimed: readonly string[],
  facts: {
    /** The worktree; names of it that a worker may have seen. */
    folders: readonly string[];
    changes: readonly Change[];
    /** Ignored paths that were made or changed; folders end with `/`. */
    ignored: readonly string[];
    /** What its events show; null where they do not show all. */
    seen: CommandsRun | null;
  },
): Finding[] {
  const changed = facts.changes.flatMap(({ path, oldPath }) =>
    oldPath === null ? [path] : [path, oldPath],
  );
  const exact = new Set(changed);
  const named = new Set(claimed.filter((claim) => exact.has(claim)));
  const others = claimed.filter((claim) => !exact.has(claim)).slice(0, maxLookedUp);
  const invented = others.filter((claim) => {
    const names = pathsOf(claim.slice(0, maxPathLength), facts.folders);
    const fitting = changed.filter((path) => names.some((name) => isMeant(name, path)));
    for (const path of fitting) named.add(path);
    return (
      fitting.length === 0 &&
      names.length > 0 &&
      !facts.ignored.some((path) => names.some((name) => isInside(name, path)))
    );
  });
  const unsaid = facts.changes.filter(
    ({ path, oldPath }) => !named.has(path) && (oldPath === null || !named.has(oldPath)),
  );
  return [
    ...invented.slice(0, maxFindings).map((path) => ({
      ...place,
      severity: wasTouched(path, facts) ? ('minor' as const) : ('major' as const),
      title: `changed_files names ${shown(path)}, which did not change`,
      evidence: `git shows ${changed.length === 0 ? 'no change at all' : `these: ${listed(changed)}`}. Make the change, or take the path out.`,
    })),
    ...(unsaid.length === 0
      ? []
      : [
          {
            ...place,
            severity: 'minor' as const,
            title: `changed_files leaves out ${unsaid.length} of ${facts.changes.length} changed files`,
            evidence: listed(unsaid.map(({ path }) => path)),
          },
        ]),
  ];
}

/** Commands that are said to have passed and failed, or that never ran: major. Another exit code than said: minor. */
export function commandFindings(claimed: Claims['commands'], seen: CommandsRun): Finding[] {
  const runs = seen.runs.map((run) => ({ ...run, parts: simplified(run.command) }));
  return claimed
    .slice(0, maxLookedUp)
    .flatMap((claim) => commandFinding(claim, runs, seen.hidden) ?? [])
    .slice(0, maxFindings);
}

const maxFindings = 20;
/** Of a thousand claims the first ones are looked up; nobody reads the others. */
const maxLookedUp = 300;
const maxPathLength = 1_000;
const maxCommandLength = 8_000;
const place = { file: null, line: null };

const claiming = z.object({
  changed_files: z.array(z.string()).optional(),
  commands: z.array(z.object({ command: z.string(), exit_code: z.number() })).default([]),
  measurements: z.array(z.object({ command: z.string().nullable() })).default([]),
});

/** What a worker may mean by what it wrote: without quotes, a status letter, a remark, a line number; both names of a rename. */
function pathsOf(claim: string, folders: readonly string[]): string[] {
  const bare = claim.trim().replaceAll(/^[`'"]+|[`'"]+$/g, '');
  const told = [bare, bare.replace(/\s+\(.*\)$/, ''), bare.replace(/^[AMDRCT]\d{0,3}\s+/, '')];
  const names = told
    .flatMap((text) => [text, ...text.split(/\s*(?:->|→|=>)\s*/)])
    .flatMap((text) => [text, text.replace(/(?::\d+(?:-\d+)?)+$/, '')])
    .map((text) => inWorktree(text.replaceAll('\\', '/'), folders))
    .map((text) => text.replace(/^(?:\.\/)+/, '').replace(/\/{2,}/g, '/'));
  return [...new Set(names)].filter((name) => name !== '' && name !== '.');
}

function inWorktree(path: string, folders: readonly string[]): string {
  const folder = folders.find((one) => path.startsWith(`${one}/`));
  return folder === undefined ? path : path.slice(folder.length + 1);
}

/** The file itself; a folder or a pattern it is in; its name as seen from a folder in between. */
function isMeant(name: string, path: string): boolean {
  if (name === path || path.endsWith(`/${name}`)) return true;
  const isPattern = /[*?[{]/.test(name);
  const folder = isPattern ? name.replace(/[^/]*[*?[{].*$/, '') : `${name.replace(/\/+$/, '')}/`;
  return path.startsWith(folder);
}

function isInside(name: string, ignored: string): boolean {
  return ignored.endsWith('/')
    ? `${name}/`.startsWith(ignored) || ignored.startsWith(`${name}/`)
    : isMeant(name, ignored);
}

/** By a writing tool, or by a command that names it. */
function wasTouched(
  claim: string,
  { folders, seen }: { folders: readonly string[]; seen: CommandsRun | null },
): boolean {
  if (seen === null) return false;
  const names = pathsOf(claim.slice(0, maxPathLength), folders);
  const written = seen.written.map((path) => inWorktree(path, folders));
  return names.some(
    (name) =>
      written.some((path) => isMeant(name, path)) ||
      seen.runs.some(({ command }) => holds(command, name)),
  );
}

type Seen = CommandRun & { parts: { text: string; isSimple: boolean } };

function commandFinding(
  claim: Claims['commands'][number],
  runs: readonly Seen[],
  hidden: boolean,
): Finding | null {
  const wanted = simplified(claim.command).text;
  if (wanted === '') return null;
  const same = runs.filter(({ parts }) => parts.text === wanted);
  const fitting = same.length > 0 ? same : runs.filter(({ parts }) => holds(parts.text, wanted));
  if (fitting.length === 0) {
    return ranInParts(claim.command, runs) ? null : neverRan(claim.command, { runs, hidden });
  }
  // Part of a longer command line: how that ended says nothing of this part.
  const telling = fitting.filter(({ parts }) => parts.text === wanted || parts.isSimple).at(-1);
  return telling === undefined ? null : exitFinding(claim, telling);
}

function exitFinding(
  { command, exitCode }: Claims['commands'][number],
  run: CommandRun,
): Finding | null {
  if (exitCode === null || exitCode === run.exitCode) return null;
  const hasFailed = run.exitCode === null ? run.ok === false : run.exitCode !== 0;
  if (run.exitCode === null && !(hasFailed && exitCode === 0)) return null;
  const ended = run.exitCode === null ? 'failed' : `ended with exit code ${run.exitCode}`;
  return {
    ...place,
    severity: hasFailed && exitCode === 0 ? 'major' : 'minor',
    title: `commands says exit code ${exitCode} of ${shown(command)}, which ${ended}`,
    evidence: 'The last time the worker ran it. Run it again, or say what came.',
  };
}

function neverRan(command: string, { runs, hidden }: { runs: readonly Seen[]; hidden: boolean }) {
  const ran = runs.map((run) => run.command);
  return {
    ...place,
    severity: hidden ? ('minor' as const) : ('major' as const),
    title: `commands names ${shown(command)}, which the worker never ran`,
    evidence: `The events of the attempt show ${ran.length === 0 ? 'no command' : `these: ${listed(ran.slice(-10))}`}. Run it, or take it out.`,
  };
}

/** `a && b` that was run as `a` and as `b`. */
function ranInParts(command: string, runs: readonly Seen[]): boolean {
  const parts = command
    .slice(0, maxCommandLength)
    .split(/&&|;|\n/)
    .map((part) => simplified(part).text)
    .filter((part) => part !== '' && !part.startsWith('cd '));
  return parts.length > 1 && parts.every((part) => runs.some((run) => holds(run.parts.text, part)));
}

/** One command line may be written in many ways: without its shell, its folder, quotes, prompt sign, remark and double blanks. */
function simplified(command: string): { text: string; isSimple: boolean } {
  let text = command
    .slice(0, maxCommandLength)
    .trim()
    .replace(/^`+|`+$/g, '')
    .replace(/^[$>]\s+/, '');
  text = text.replace(/^(?:\/\S*\/)?(?:ba|z|da)?sh\s+-l?c\s+/, '');
  text = text
    .replaceAll(/["'`\\]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  text = text.replace(/^(?:cd \S+ ?(?:&&|;) ?)+/, '').trim();
  const withoutJoins = text.replaceAll(/\d*>&\d?|&>/g, '');
  return { text, isSimple: !/[;&|\n]/.test(withoutJoins) };
}

/** Whether `wanted` stands in a command line as words of their own. A line that was cut holds what begins like it. */
function holds(text: string, wanted: string): boolean {
  if (text.endsWith('…') && wanted.startsWith(text.slice(0, -1))) return true;
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) {
    const isStart = at === 0 || !/[\w.:-]/.test(text[at - 1] ?? '');
    const isEnd = !/[\w:-]/.test(text[at + wanted.length] ?? '');
    if (isStart && isEnd) return true;
  }
  return false;
}

function listed(texts: readonly string[]): string {
  const most = 20;
  const rest = texts.length > most ? ` and ${texts.length - most} more` : '';
  return `${texts.slice(0, most).map(shown).join(', ')}${rest}`;
}

function shown(text: string): string {
  const flat = text.replaceAll(/\s+/g, ' ');
  return flat.length > 200 ? `${flat.slice(0, 199)}…` : flat;
}
