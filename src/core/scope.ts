import type { Finding } from './gate.ts';
import type { NodeSpec, Scope } from './node.ts';
import {
  covers,
  matchesPath,
  mayMeet,
  parsePathPattern,
  shownPattern,
  type PathPattern,
} from './path-pattern.ts';

/** One path that differs between two trees, as git sees it. Paths are relative to the repository, with `/`, unquoted. */
export type Change = {
  path: string;
  /** Where a renamed path was before; null unless `kind` is `rename`. */
  oldPath: string | null;
  /** `type-change`: a file became a symlink or submodule, or the other way round. `mode-change`: only the mode differs. */
  kind: 'add' | 'modify' | 'delete' | 'rename' | 'type-change' | 'mode-change';
  /** Six octal digits (`100644`, `100755`, `120000` symlink, `160000` submodule); null where there is no such side. */
  oldMode: string | null;
  newMode: string | null;
  /** Both 0 when `binary`. */
  addedLines: number;
  deletedLines: number;
  binary: boolean;
  /** What a path that is a symlink now points to, as stored in the tree; null for all else. */
  linkTarget: string | null;
};

/** What is wrong with the patterns of a scope, one sentence each; empty when it can be used. */
export function scopeErrors(scope: Scope): string[] {
  const errors: string[] = [];
  if (scope.allow.length === 0) {
    errors.push('allow is empty, so nothing may be changed; name at least one path.');
  }
  if (scope.allow.length + scope.deny.length > maxPatterns) {
    errors.push(`allow and deny have more than ${maxPatterns} patterns together; use folders.`);
  }
  for (const list of ['allow', 'deny'] as const) {
    for (const text of scope[list]) {
      const pattern = parsePathPattern(text);
      if ('error' in pattern) errors.push(`${list}: ${shown(text)} ${pattern.error}.`);
    }
  }
  return errors;
}

/** Deny wins. A broken pattern allows nothing and denies everything. */
export function inScope(scope: Scope, path: string): boolean {
  return matcherOf(scope)(path);
}

/**
 * What a node changed that it may not have. `any`: every path, but still no `.git`, submodule or link that leads out. null: the node
 * only reads, so every change is one too many.
 */
export function scopeViolations(scope: NodeSpec['scope'], changes: readonly Change[]): Finding[] {
  const isAllowed = scope === null ? () => false : scope === 'any' ? isPlain : matcherOf(scope);
  const findings = changes.flatMap((change) => violationsOf(change, scope, isAllowed));
  const limit = scope === null || scope === 'any' ? null : scope.maxDiffLines;
  return [...capped(findings), ...sizeViolation(changes, limit)];
}

/** Whether two writers may touch the same path; true when in doubt. */
export function scopesOverlap(left: NodeSpec['scope'], right: NodeSpec['scope']): boolean {
  if (left === null || right === null) return false;
  if (left === 'any' || right === 'any') return true;
  return left.allow.some((one) =>
    right.allow.some((other) =>
      allowsOverlap({ one, deny: left.deny }, { one: other, deny: right.deny }),
    ),
  );
}

const maxPatterns = 200;
const maxFindings = 50;

function matcherOf(scope: Scope): (path: string) => boolean {
  const allow = usable(scope.allow);
  const deny = usable(scope.deny);
  if (deny.length < scope.deny.length || scope.allow.length + scope.deny.length > maxPatterns) {
    return () => false;
  }
  return (path) =>
    isPlain(path) &&
    !deny.some((pattern) => matchesPath(pattern, path)) &&
    allow.some((pattern) => matchesPath(pattern, path));
}

function usable(texts: readonly string[]): PathPattern[] {
  return texts.map(parsePathPattern).filter((pattern) => 'ways' in pattern);
}

/** Inside the repository and not git's own. Case does not help: some file systems take `.GIT` for `.git`. */
function isPlain(path: string): boolean {
  if (path === '' || path.includes('\0')) return false;
  return path
    .split('/')
    .every((name) => !['', '.', '..', '.git', 'git~1'].includes(name.toLowerCase()));
}

function violationsOf(
  change: Change,
  scope: NodeSpec['scope'],
  isAllowed: (path: string) => boolean,
): Finding[] {
  const paths = change.oldPath === null ? [change.path] : [change.oldPath, change.path];
  const findings = paths
    .filter((path) => !isAllowed(path))
    .map((path) => outside(path, change, scope));
  if (change.newMode === '160000' || change.oldMode === '160000') {
    findings.push(
      blocked(
        change.path,
        'A submodule was added, moved or removed',
        'Nodes may not touch submodules.',
      ),
    );
  }
  const link = linkProblem(change);
  if (link !== null)
    findings.push(blocked(change.path, 'A symlink leads out of the repository', link));
  return findings;
}

function outside(path: string, change: Change, scope: NodeSpec['scope']): Finding {
  const what = describeChange(path, change);
  if (!isPlain(path)) {
    return {
      ...blocked(path, 'A path that no node may touch was changed', what),
      severity: 'critical',
    };
  }
  if (scope === null) return blocked(path, 'A node that only reads changed a file', what);
  const allowed =
    scope === 'any' ? '' : ` Allowed: ${listed(scope.allow)}. Denied: ${listed(scope.deny)}.`;
  return blocked(path, 'A path outside the scope was changed', `${what}${allowed}`);
}

function describeChange(path: string, change: Change): string {
  switch (change.kind) {
    case 'add':
      return `${path} was added.`;
    case 'modify':
      return `${path} was changed.`;
    case 'delete':
      return `${path} was deleted.`;
    case 'rename':
      return `${change.oldPath ?? path} was renamed to ${change.path}.`;
    case 'type-change':
      return `${path} became another kind of file (mode ${change.oldMode ?? 'none'} to ${change.newMode ?? 'none'}).`;
    case 'mode-change':
      return `The mode of ${path} was changed (${change.oldMode ?? 'none'} to ${change.newMode ?? 'none'}).`;
  }
}

/** A link that leaves the repository would let a later write land anywhere. */
function linkProblem(change: Change): string | null {
  if (change.newMode !== '120000') return null;
  const target = change.linkTarget;
  if (target === null) return `Where ${change.path} points to is not known.`;
  const resolved = resolveLink(change.path, target);
  if (resolved !== null && (resolved === '' || isPlain(resolved))) return null;
  return `${change.path} points to ${target}.`;
}

/** The path a link means, relative to the repository; null when it leaves it. */
function resolveLink(path: string, target: string): string | null {
  if (target.startsWith('/') || target.includes('\0') || /^[A-Za-z]:|\\/.test(target)) return null;
  const names = path.split('/').slice(0, -1);
  for (const name of target.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) return null;
  }
  return names.join('/');
}

function sizeViolation(changes: readonly Change[], limit: number | null): Finding[] {
  if (limit === null) return [];
  // A binary file has no lines; it counts as one so that it is not free.
  const lines = changes.reduce(
    (sum, change) => sum + (change.binary ? 1 : change.addedLines + change.deletedLines),
    0,
  );
  if (lines <= limit) return [];
  return [
    {
      severity: 'major',
      title: 'The change is larger than its scope allows',
      file: null,
      line: null,
      evidence: `${lines} lines were added or deleted; at most ${limit} are allowed.`,
    },
  ];
}

function blocked(file: string, title: string, evidence: string): Finding {
  return { severity: 'major', title, file, line: null, evidence };
}

/** Ten thousand findings help nobody; the count does. */
function capped(findings: readonly Finding[]): Finding[] {
  if (findings.length <= maxFindings) return [...findings];
  const rest = findings.length - maxFindings;
  const more: Finding = {
    severity: 'major',
    title: `${rest} more findings of this kind`,
    file: null,
    line: null,
    evidence: `Only the first ${maxFindings} are listed.`,
  };
  return [...findings.slice(0, maxFindings), more];
}

type Allowed = { one: string; deny: readonly string[] };

function allowsOverlap(left: Allowed, right: Allowed): boolean {
  const one = parsePathPattern(left.one);
  const other = parsePathPattern(right.one);
  if ('error' in one || 'error' in other) return true;
  return mayMeet(one, other) && !isDenied(one, right.deny) && !isDenied(other, left.deny);
}

function isDenied(pattern: PathPattern, deny: readonly string[]): boolean {
  return usable(deny).some((one) => covers(one, pattern));
}

function listed(patterns: readonly string[]): string {
  if (patterns.length === 0) return 'nothing';
  const some = patterns.slice(0, 10).map(shownPattern).join(', ');
  return patterns.length > 10 ? `${some} and ${patterns.length - 10} more` : some;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
