import { braceExpand, Minimatch } from 'minimatch';

/** A checked pattern: the ways it can be met, each a list of segments. */
export type PathPattern = { ways: readonly (readonly Segment[])[] };

/** `below`: one segment or more. `deep`: any number, none included. */
type Segment =
  | { kind: 'literal'; text: string }
  | { kind: 'glob'; text: string; matcher: Minimatch }
  | { kind: 'below' }
  | { kind: 'deep' };

const maxLength = 200;
/** Of a pattern without wildcards, which costs nothing. */
const maxPathLength = 4_096;
const maxBraces = 4;
const maxCommas = 16;
/** Should the glob engine ever backtrack, a name of 255 characters costs 255 to this power at most: half a second, not days. */
const maxStars = 4;

/**
 * Patterns come from models, so nothing reaches the glob engine that could hang it, leave the repository or mean something else than
 * it says. Segments are matched one by one, which keeps `**` linear; the engine only ever sees a single file name.
 */
export function parsePathPattern(pattern: string): PathPattern | { error: string } {
  if (/\p{Cc}/u.test(pattern)) return { error: 'contains a control character' };
  const text = withStandIns(pattern);
  const error = textError(text);
  if (error !== null) return { error };
  const path = tidy(text);
  const expanded = /[*?[{]/.test(path) ? braceExpand(path) : [];
  for (const one of [path, ...expanded]) {
    const problem = pathError(one);
    if (problem !== null) return { error: problem };
  }
  return { ways: [literalWay(path), ...expanded.map(globWay)] };
}

/** The pattern that means one path as it stands, and what is below it: whatever has another meaning in a pattern gets a backslash. */
export function literalPattern(path: string): string {
  return path.replaceAll(/[*?[{\\|,]|^[!#~]|^ | $|(?<=^[A-Za-z]):/g, (letter) => `\\${letter}`);
}

/** A pattern as a person reads it: without the backslashes. */
export function shownPattern(pattern: string): string {
  return plain(withStandIns(pattern));
}

/** With what every path that the pattern means begins; a name that is whole ends in a slash, so that d1 is no beginning of d10. */
export function fixedBeginning(pattern: string): string {
  const path = tidy(withStandIns(pattern));
  const fixed = /^[^*?[{]*/.exec(path)?.[0] ?? '';
  return plain(fixed === path && !path.endsWith('/') ? `${path}/` : fixed);
}

/** Whether a path (as git names it: relative, `/`, no empty or dotted segments) is among those the pattern means. */
export function matchesPath(pattern: PathPattern, path: string): boolean {
  const parts = path.normalize('NFC').split('/');
  return pattern.ways.some((way) => meets(way, parts));
}

/** Whether some path could match both; true when in doubt. */
export function mayMeet(left: PathPattern, right: PathPattern): boolean {
  return left.ways.some((one) => right.ways.some((other) => waysMeet(one, other)));
}

/** Whether everything `inner` can match lies below the folder that `outer` names in full (`dir`, `dir/`, `dir/**`); false when in doubt. */
export function covers(outer: PathPattern, inner: PathPattern): boolean {
  return inner.ways.every((way) =>
    outer.ways.some((cover) => {
      const last = cover.at(-1);
      if (last === undefined || !isMany(last)) return false;
      const folder = cover.slice(0, -1);
      const fewest = way.filter((segment) => segment.kind !== 'deep').length;
      if (last.kind === 'below' && fewest <= folder.length) return false;
      return folder.every((segment, index) => {
        const below = way[index];
        return (
          segment.kind === 'literal' && below?.kind === 'literal' && segment.text === below.text
        );
      });
    }),
  );
}

/** What may stand behind a backslash; it then means itself. */
const escapable = ' !#()*+,:?@[\\]{|}~';
const firstStandIn = 0x80;

/** What stands behind a backslash becomes a control character, which no pattern may hold: nothing that looks for wildcards sees it. */
function withStandIns(pattern: string): string {
  return pattern.replaceAll(/\\(.)/g, (whole, letter: string) => {
    const place = escapable.indexOf(letter);
    return place === -1 ? whole : String.fromCodePoint(firstStandIn + place);
  });
}

function plain(text: string, letterOf: (letter: string) => string = (letter) => letter): string {
  return text.replaceAll(/[\u0080-\u0091]/g, (one) =>
    letterOf(escapable.charAt((one.codePointAt(0) ?? 0) - firstStandIn)),
  );
}

function tidy(text: string): string {
  return text
    .normalize('NFC')
    .replace(/\/{2,}/g, '/')
    .replace(/^(\.\/)+/, '');
}

function textError(text: string): string | null {
  const most = /[*?[{]/.test(text) ? maxLength : maxPathLength;
  if (text.length > most) return `is longer than ${most} characters`;
  if (text.trim() !== text || text === '') return 'is empty or has blanks around it';
  if (text.includes('\\'))
    return 'contains a backslash; write paths with /, and \\ only before a sign such as * or [';
  if (/^(\/|~|[A-Za-z]:)/.test(text)) return 'is absolute; write it relative to the repository';
  if (/^[!#]/.test(text)) return 'begins with ! or #; list what is forbidden under deny';
  if (/[@!+*?]\([^)]*\|/.test(text)) return 'uses (a|b); write {a,b}';
  if (/\{[^}]*\.\.[^}]*\}/.test(text)) return 'uses a range in braces; list the names';
  if (count(text, '{') > maxBraces || count(text, ',') > maxCommas) {
    return `has more than ${maxBraces} braces or ${maxCommas} commas; use several patterns`;
  }
  return null;
}

function pathError(path: string): string | null {
  if (path === '' || path === '/' || path === '.') return 'names no path; write ** for everything';
  for (const name of path.split('/')) {
    if (name === '..') return 'contains ..';
    if (name === '.') return 'contains . as a folder';
    if (name.toLowerCase() === '.git') return 'names .git, which no node may touch';
    if (name !== '**' && (name.match(/\*+/g)?.length ?? 0) > maxStars) {
      return `has more than ${maxStars} stars in one name; use a simpler pattern`;
    }
  }
  return null;
}

/** The path as it stands, brackets and all. Without wildcards it may be a folder, and then means what is below as well. */
function literalWay(path: string): Segment[] {
  const segments = names(path).map((text): Segment => ({ kind: 'literal', text: plain(text) }));
  if (path.endsWith('/')) return [...segments, { kind: 'below' }];
  return /[*?{]/.test(path) ? segments : [...segments, { kind: 'deep' }];
}

function globWay(path: string): Segment[] {
  const parts = names(path);
  const segments = parts.map((text, index): Segment => {
    if (text !== '**') return segmentOf(text);
    return { kind: index === parts.length - 1 ? 'below' : 'deep' };
  });
  const isFolder = path.endsWith('/') && segments.at(-1)?.kind !== 'below';
  return isFolder ? [...segments, { kind: 'below' }] : segments;
}

function segmentOf(text: string): Segment {
  if (!/[*?[]/.test(text)) return { kind: 'literal', text: plain(text) };
  const matcher = new Minimatch(
    plain(text, (letter) => `\\${letter}`),
    {
      dot: true,
      nobrace: true,
      nocomment: true,
      noext: true,
      nonegate: true,
      platform: 'linux',
    },
  );
  return { kind: 'glob', text, matcher };
}

function names(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

/** Which numbers of names the segments so far can have used up; grows by one segment a round. */
function meets(way: readonly Segment[], path: readonly string[]): boolean {
  let used = new Set([0]);
  for (const segment of way) {
    const next = new Set<number>();
    if (segment.kind === 'deep' || segment.kind === 'below') {
      const first = Math.min(...used) + (segment.kind === 'below' ? 1 : 0);
      for (let length = first; length <= path.length; length += 1) next.add(length);
    } else {
      for (const length of used) {
        const name = path[length];
        if (name !== undefined && nameMatches(segment, name)) next.add(length + 1);
      }
    }
    if (next.size === 0) return false;
    used = next;
  }
  return used.has(path.length);
}

function nameMatches(segment: Segment, name: string): boolean {
  if (segment.kind === 'literal') return segment.text === name;
  return segment.kind === 'glob' ? segment.matcher.match(name) : true;
}

/** Both lists are walked at once; a pair of places is looked at once at most. */
function waysMeet(left: readonly Segment[], right: readonly Segment[]): boolean {
  const seen = new Set<number>();
  const reach = (i: number, j: number): boolean => {
    const place = i * (right.length + 1) + j;
    if (seen.has(place)) return false;
    seen.add(place);
    const one = left[i];
    const other = right[j];
    if (one === undefined && other === undefined) return true;
    if (one !== undefined && isMany(one) && reach(i + 1, j)) return true;
    if (other !== undefined && isMany(other) && reach(i, j + 1)) return true;
    if (one === undefined || other === undefined || !namesMeet(one, other)) return false;
    return (
      reach(i + 1, j + 1) || (isMany(one) && reach(i, j + 1)) || (isMany(other) && reach(i + 1, j))
    );
  };
  return reach(0, 0);
}

/** `below` counts as able to match nothing here: at worst two writers are kept apart that need not be. */
function isMany(segment: Segment): boolean {
  return segment.kind === 'deep' || segment.kind === 'below';
}

function namesMeet(left: Segment, right: Segment): boolean {
  if (isMany(left) || isMany(right)) return true;
  if (left.kind === 'literal') return nameMatches(right, left.text);
  if (right.kind === 'literal') return nameMatches(left, right.text);
  // A wildcard that means itself ends what is fixed as any other does: at worst two writers are kept apart that need not be.
  return endsAgree(plain(textOf(left)), plain(textOf(right)));
}

/** Two globs can only meet when one fixed beginning continues the other, and so for the ends. */
function endsAgree(left: string, right: string): boolean {
  const heads = [/^[^*?[]*/.exec(left)?.[0] ?? '', /^[^*?[]*/.exec(right)?.[0] ?? ''] as const;
  const tails = [/[^*?\]]*$/.exec(left)?.[0] ?? '', /[^*?\]]*$/.exec(right)?.[0] ?? ''] as const;
  const headsAgree = heads[0].startsWith(heads[1]) || heads[1].startsWith(heads[0]);
  const tailsAgree = tails[0].endsWith(tails[1]) || tails[1].endsWith(tails[0]);
  return headsAgree && tailsAgree;
}

function textOf(segment: Segment): string {
  return segment.kind === 'literal' || segment.kind === 'glob' ? segment.text : '';
}

function count(text: string, what: string): number {
  return text.split(what).length - 1;
}
