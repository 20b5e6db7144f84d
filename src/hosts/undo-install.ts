import { MoError } from '../core/problem.ts';
import { undoEntry } from './entry-step.ts';
import { undoFolder } from './folder-step.ts';
import type { FoundHost } from './found-host.ts';
import type { Host } from './host.ts';
import type { Install, Part, TextPart } from './install-record.ts';
import { undoPackage } from './package-step.ts';
import { undoPlugin } from './plugin-step.ts';
import { removeSnippet } from './snippet.ts';
import { undoText } from './text-step.ts';

export type Undone = {
  kind: Part['kind'];
  path: string;
  /**
   * `restored`: as it was before mo came. `taken out`: changed by others since, so only what is mo's is gone. `kept`: a copy that was
   * edited. `shared`: another installation still needs it.
   */
  how: 'restored' | 'taken out' | 'kept' | 'shared';
};

export function pathOf(part: Part): string {
  return 'folder' in part ? part.folder : part.mark.file;
}

/** Takes one part out again. `install`: what is left of the installation; `others`: the installations that stay. */
export async function undoPart(
  part: Part,
  { host, call }: FoundHost,
  { install, others, force }: { install: Install; others: readonly Install[]; force: boolean },
): Promise<Undone> {
  const base = { kind: part.kind, path: pathOf(part) };
  if (isShared(part, others)) return { ...base, how: 'shared' };
  const needed = backupsOf([
    ...install.parts.filter((one) => one !== part),
    ...others.flatMap(({ parts }) => parts),
  ]);
  switch (part.kind) {
    case 'entry':
      return { ...base, how: await undoEntry(part, { host, call, scope: install.scope, needed }) };
    case 'skill':
    case 'plugin folder':
      return { ...base, how: await undoFolder(part, { force: force || part.kind !== 'skill' }) };
    case 'package':
      await undoPackage(part);
      return { ...base, how: 'restored' };
    case 'plugin':
      if (call === null)
        throw new MoError({ code: 'host-missing', hosts: [host.title], needs: 'program' });
      return { ...base, how: await undoPlugin(part, { host, call, needed }) };
    case 'snippet':
    case 'approvals': {
      const remove = removalOf(part, host, install);
      return { ...base, how: await undoText(part, { remove, needed }) };
    }
  }
}

/** How what mo has put into a text is taken out of it. */
export function removalOf(
  { kind, tools }: TextPart,
  host: Host,
  { mode }: Install,
): (text: string) => string {
  if (kind === 'snippet') return removeSnippet;
  return (text) => host.approvals(mode)?.remove(text, tools) ?? text;
}

function backupsOf(parts: readonly Part[]): ReadonlySet<string> {
  return new Set(parts.flatMap((part) => ('mark' in part ? (part.mark.backup ?? []) : [])));
}

/** A text is changed once for each installation, an entry and a folder once for all. */
export function isShared(part: Part, others: readonly Install[]): boolean {
  if (part.kind === 'plugin' || part.kind === 'approvals' || part.kind === 'snippet') return false;
  return others.some(({ parts }) =>
    parts.some((one) => one.kind === part.kind && pathOf(one) === pathOf(part)),
  );
}
