import { treeOf } from '../git/commit.ts';
import type { Git } from '../git/git.ts';
import { newId } from '../platform/ids.ts';
import type { ScanLine } from './scan-lines.ts';

/** What lies between two trees as lines that were added; `isCut` when there was more than could be read. */
type AddedLines = { lines: ScanLine[]; isCut: boolean };

/**
 * Read as text, whatever `.gitattributes` says: a worker that marks a file as binary, or names a filter for it, must not be able to
 * hide what is in it. Moved lines count as added; what stood in the base is sorted out later.
 */
export async function addedLines(git: Git, base: string, tree: string): Promise<AddedLines> {
  if ((await treeOf(git, base)) === tree) return { lines: [], isCut: false };
  const { stdout, isCut } = await git.run(['diff-tree', ...flags, base, tree], { cutAt });
  return { lines: parseAdded(stdout), isCut };
}

/**
 * What the commits of a worker added one by one, messages included. What one adds and the next takes out is in no tree, but lands with
 * the history. Nothing for a single commit: that is the change itself.
 */
export async function historyLines(git: Git, base: string, commit: string): Promise<AddedLines> {
  if (base === commit) return { lines: [], isCut: false };
  // Nobody knew the mark before, so no message can hold it.
  const mark = `mo-${newId()}`;
  const text = await git.text([
    'log',
    '--reverse',
    '--topo-order',
    '--no-show-signature',
    `--format=tformat:${mark} %H%n%B`,
    commit,
    `^${base}`,
    '--',
  ]);
  const parts = text.split(`${mark} `).slice(1);
  const commits = parts.map((part) => part.slice(0, part.indexOf('\n')));
  const said = parts.flatMap((part) =>
    part
      .split('\n')
      .slice(1)
      .map((one) => ({ file: null, line: 1, text: one })),
  );
  if (commits.length < 2) return { lines: said, isCut: false };
  const args = ['diff-tree', '--stdin', '--root', '-m', ...flags];
  const { stdout, isCut } = await git.run(args, { stdin: `${commits.join('\n')}\n`, cutAt });
  return { lines: [...said, ...parseAdded(stdout)], isCut };
}

const cutAt = 64_000_000;
const flags =
  '-r -p -U0 --text --no-renames --no-color --no-ext-diff --no-textconv --ignore-submodules=none --src-prefix=a/ --dst-prefix=b/'.split(
    ' ',
  );

/** Hunk headers say how many lines follow, so an added line that looks like a header is not taken for one. */
function parseAdded(patch: string): ScanLine[] {
  const lines: ScanLine[] = [];
  let file: string | null = null;
  let deletedLeft = 0;
  let addedLeft = 0;
  let line = 0;
  for (const text of patch.split('\n')) {
    if (deletedLeft > 0 && text.startsWith('-')) {
      deletedLeft -= 1;
    } else if (addedLeft > 0 && text.startsWith('+')) {
      // UTF-16 is ASCII with a NUL in every other place.
      lines.push({ file, line, text: text.slice(1).replaceAll('\0', '') });
      addedLeft -= 1;
      line += 1;
    } else if (text.startsWith('+++ ')) {
      file = pathOf(text.slice(4));
    } else {
      const hunk = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(text);
      if (hunk === null) continue;
      deletedLeft = Number(hunk[1] ?? 1);
      line = Number(hunk[2]);
      addedLeft = Number(hunk[3] ?? 1);
    }
  }
  return lines;
}

/** `b/src/a.ts`, or in quotes with C escapes where the name needs them; a tab ends a name with blanks in it. */
function pathOf(text: string): string | null {
  const name = text.startsWith('"') ? unquoted(text) : text.replace(/\t$/, '');
  return name.startsWith('b/') ? name.slice(2) : null;
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '"': '"',
  '\\': '\\',
};

function unquoted(text: string): string {
  return text
    .slice(1, text.lastIndexOf('"'))
    .replace(/\\([0-7]{3}|.)/g, (_whole, code: string) =>
      /^[0-7]{3}$/.test(code)
        ? String.fromCharCode(Number.parseInt(code, 8))
        : (escapes[code] ?? code),
    );
}
