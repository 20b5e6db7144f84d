import { join } from 'node:path';
import { MoError } from '../core/problem.ts';
import { planEntry } from './entry-step.ts';
import { readFolder } from './folder-files.ts';
import { planFolder } from './folder-step.ts';
import type { FoundHost } from './found-host.ts';
import { skillName, type HostPlace, type Mode, type Scope } from './host.ts';
import type { FolderPart, Install, Part, TextPart } from './install-record.ts';
import { isPassing, lastingPackage, planPackage } from './package-step.ts';
import { pluginFiles } from './plugin-files.ts';
import { planPlugin } from './plugin-step.ts';
import { serverCommand, type CommandKind } from './server-command.ts';
import { addSnippet } from './snippet.ts';
import type { Step } from './step.ts';
import { planText } from './text-step.ts';

export type InstallWish = {
  scope: Scope;
  mode: Mode;
  command: CommandKind;
  /** Names of tools. */
  approve: readonly string[];
  snippet: boolean;
  force: boolean;
};

/** What an installation into one host would do, in the order it does it. Reads, and writes nothing; throws what stands against it. */
export async function planInstall(
  place: HostPlace,
  found: FoundHost,
  wish: InstallWish,
  known: Install | null,
): Promise<Step[]> {
  const parts = known?.parts ?? [];
  const isCopied = wish.command === 'node' && isPassing(place.package);
  return [
    ...(isCopied ? [await planPackage(place, partOf(parts, 'package'))] : []),
    ...(wish.mode === 'direct'
      ? await planDirect(place, found, wish, parts)
      : await planAsPlugin(place, found, wish, parts)),
    ...(await planTexts(place, found, wish, parts)),
  ];
}

type PartOf<K extends Part['kind']> = K extends FolderPart['kind']
  ? FolderPart
  : K extends TextPart['kind']
    ? TextPart
    : Extract<Part, { kind: K }>;

/** The part of a kind among those that an earlier installation has left. */
export function partOf<K extends Part['kind']>(parts: readonly Part[], kind: K): PartOf<K> | null;
export function partOf(parts: readonly Part[], kind: Part['kind']): Part | null {
  return parts.find((part) => part.kind === kind) ?? null;
}

async function planDirect(
  place: HostPlace,
  { host, call }: FoundHost,
  wish: InstallWish,
  parts: readonly Part[],
): Promise<Step[]> {
  const source = join(place.package, 'skill', skillName);
  const files = await readFolder(source);
  if (files === null) throw new MoError({ code: 'package-incomplete', folder: source });
  const { scope, force } = wish;
  const server = serverCommand(wish.command, place, lastingPackage(place));
  const approve = host.approvals('direct') === null ? wish.approve : [];
  const entry = { place, host, scope, server, approve, call, force };
  const folder = host.files(place, scope).skill;
  return [
    await planEntry({ ...entry, known: partOf(parts, 'entry') }),
    await planFolder({
      kind: 'skill',
      place,
      host: host.name,
      folder,
      files,
      known: partOf(parts, 'skill'),
      force,
    }),
  ];
}

async function planAsPlugin(
  place: HostPlace,
  { host, call }: FoundHost,
  wish: InstallWish,
  parts: readonly Part[],
): Promise<Step[]> {
  if (call === null)
    throw new MoError({ code: 'host-missing', hosts: [host.title], needs: 'program' });
  const server = serverCommand(wish.command, place, lastingPackage(place));
  const folder = join(place.data, 'plugin', place.version);
  const copy = await planFolder({
    kind: 'plugin folder',
    place,
    host: host.name,
    folder,
    files: await pluginFiles(place, server),
    known: partOf(parts, 'plugin folder'),
    // Nobody but mo has anything there.
    force: true,
  });
  const known = partOf(parts, 'plugin');
  const isNew = copy.change !== 'same';
  return [copy, await planPlugin({ call, host, marketplace: folder, isNew, known })];
}

async function planTexts(
  place: HostPlace,
  { host }: FoundHost,
  wish: InstallWish,
  parts: readonly Part[],
): Promise<Step[]> {
  const approvals = host.approvals(wish.mode);
  const steps: Step[] = [];
  if (approvals !== null && wish.approve.length > 0) {
    steps.push(
      await planText({
        kind: 'approvals',
        place,
        file: approvals.file(place),
        what: `runs unasked: ${wish.approve.join(', ')}`,
        tools: wish.approve,
        edit: (text) => approvals.add(text, wish.approve),
        known: partOf(parts, 'approvals'),
      }),
    );
  }
  if (wish.snippet) {
    steps.push(
      await planText({
        kind: 'snippet',
        place,
        file: host.files(place, wish.scope).memory,
        what: 'a paragraph that names mo, between marks',
        tools: [],
        edit: addSnippet,
        known: partOf(parts, 'snippet'),
      }),
    );
  }
  return steps;
}
