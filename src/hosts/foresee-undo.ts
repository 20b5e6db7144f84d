import { readText } from '../platform/files.ts';
import { hashOf, type FileMark } from './config-file.ts';
import { diffOf } from './diff.ts';
import { withoutEntry } from './entry-step.ts';
import { hashOfFolder, readFolder } from './folder-files.ts';
import type { FoundHost } from './found-host.ts';
import type { EntryPart, FolderPart, Install, Part, TextPart } from './install-record.ts';
import { withoutText } from './text-step.ts';
import { isShared, pathOf, removalOf } from './undo-install.ts';

/** What taking a part out would do. */
export type Foreseen = {
  kind: Part['kind'];
  path: string;
  /** `keep`: a copy that was edited; `share`: another installation still needs it. */
  will: 'delete' | 'change' | 'leave' | 'keep' | 'share';
  /** What changes, line by line; null where there is no text to compare. */
  diff: string | null;
};

type Fate = Pick<Foreseen, 'will' | 'diff'>;

/** Reads, and writes nothing. `others`: the installations that stay. Throws `config-broken` for a file that cannot be used any more. */
export async function foreseePart(
  part: Part,
  found: FoundHost,
  { install, others, force }: { install: Install; others: readonly Install[]; force: boolean },
): Promise<Foreseen> {
  const base = { kind: part.kind, path: pathOf(part) };
  if (isShared(part, others)) return { ...base, will: 'share', diff: null };
  if ('folder' in part) return { ...base, ...(await fateOfFolder(part, force)) };
  const text = await readText(part.mark.file);
  if (text === null) return { ...base, will: 'leave', diff: null };
  const old = await oldText(part.mark, text);
  if (old !== undefined) return { ...base, ...fateOfText(text, old) };
  // The host finds its own lines.
  if (part.kind === 'plugin') return { ...base, will: 'change', diff: null };
  const left = textWithout(part, text, { found, install });
  return { ...base, ...fateOfText(text, left) };
}

async function fateOfFolder(part: FolderPart, force: boolean): Promise<Fate> {
  const present = await readFolder(part.folder);
  if (present === null) return { will: 'leave', diff: null };
  const isEdited = part.kind === 'skill' && hashOfFolder(present) !== part.hash;
  if (isEdited && !force) return { will: 'keep', diff: null };
  return { will: part.aside === null ? 'delete' : 'change', diff: null };
}

function fateOfText(text: string, after: string | null): Fate {
  if (after === text) return { will: 'leave', diff: null };
  return { will: after === null ? 'delete' : 'change', diff: diffOf(text, after ?? '') };
}

/** The bytes from before mo came, null for no file; undefined where others have changed it since. */
async function oldText(mark: FileMark, text: string): Promise<string | null | undefined> {
  const now = hashOf(text);
  if (now === mark.before) return text;
  if (now !== mark.after) return undefined;
  if (mark.before === null) return null;
  const old = mark.backup === null ? null : await readText(mark.backup);
  return old !== null && hashOf(old) === mark.before ? old : undefined;
}

function textWithout(
  part: EntryPart | TextPart,
  text: string,
  { found: { host }, install }: { found: FoundHost; install: Install },
): string | null {
  if (part.kind === 'entry') return withoutEntry(part, host, text);
  const left = withoutText(part, text, removalOf(part, host, install));
  return left.trim() === '' && part.mark.before === null ? null : left;
}
