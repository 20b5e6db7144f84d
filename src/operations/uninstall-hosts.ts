import { findHost } from '../hosts/found-host.ts';
import type { FoundHost } from '../hosts/found-host.ts';
import type { HostName, HostPlace, Scope } from '../hosts/host.ts';
import { hosts } from '../hosts/hosts.ts';
import { readRecord, writeRecord, type Install } from '../hosts/install-record.ts';
import { foreseePart, type Foreseen } from '../hosts/foresee-undo.ts';
import { undoPart, type Undone } from '../hosts/undo-install.ts';
import type { OperationContext } from './context.ts';
import { hostPlace } from './host-place.ts';
import { placeOfInstall } from './install-hosts.ts';

export type UninstallWish = {
  host: HostName | 'all';
  /** null: both. */
  scope: Scope | null;
  force: boolean;
  dryRun: boolean;
};

export type UninstalledHost = {
  host: HostName;
  title: string;
  scope: Scope;
  at: string;
  /** With `dryRun`, what would be done. */
  parts: (Undone | Foreseen)[];
};

export type Uninstallation = {
  hosts: UninstalledHost[];
  /** Installations of another configuration of the host than the environment names now. */
  elsewhere: string[];
  /** Where else mo is: of another host or scope than was asked for. */
  others: Pick<UninstalledHost, 'title' | 'scope' | 'at'>[];
};

/** Takes out what the record says, newest first; what was not taken out stays in the record. */
export async function uninstallHosts(
  context: OperationContext,
  wish: UninstallWish,
): Promise<Uninstallation> {
  const place = await hostPlace(context);
  const record = await readRecord(place);
  const wanted = record.installs
    .filter(({ host }) => wish.host === 'all' || wish.host === host)
    .filter(({ scope }) => wish.scope === null || wish.scope === scope)
    .toReversed();
  const others = record.installs.filter((install) => !wanted.includes(install));
  const done: Uninstallation = { hosts: [], elsewhere: [], others: others.map(shownInstall) };
  let staying = record.installs;
  for (const install of wanted) {
    const there = placeOf(place, install);
    const found = await foundHost(install, there);
    if (placeOfInstall(there, found, install.scope) !== install.at) {
      done.elsewhere.push(install.at);
      continue;
    }
    staying = staying.filter((one) => one !== install);
    const parts = wish.dryRun
      ? await foresee(found, install, { others: staying, force: wish.force })
      : await undo(there, found, install, wish.force);
    done.hosts.push({ host: install.host, ...shownInstall(install), parts });
  }
  const left = await readRecord(place);
  // An installation that was cut off may have come no further than the folder of the record.
  if (left.installs.length === 0 && !wish.dryRun) await writeRecord(place, left);
  return done;
}

function shownInstall({ host, scope, at }: Install): Uninstallation['others'][number] {
  return { title: hosts.find(({ name }) => name === host)?.title ?? host, scope, at };
}

async function foresee(
  found: FoundHost,
  install: Install,
  { others, force }: { others: readonly Install[]; force: boolean },
): Promise<Foreseen[]> {
  const foreseen: Foreseen[] = [];
  for (const part of install.parts.toReversed())
    foreseen.push(await foreseePart(part, found, { install, others, force }));
  return foreseen;
}

/** Recorded after each part, so that one that cannot be taken out now can be later. */
async function undo(
  place: HostPlace,
  found: FoundHost,
  install: Install,
  force: boolean,
): Promise<Undone[]> {
  const undone: Undone[] = [];
  let left = install;
  for (const part of install.parts.toReversed()) {
    const record = await readRecord(place);
    const others = record.installs.filter((one) => !isSame(one, install));
    const one = await undoPart(part, found, { install: left, others, force });
    undone.push(one);
    if (one.how !== 'kept') {
      left = { ...left, parts: left.parts.filter(({ kind }) => kind !== part.kind) };
    }
    const installs = record.installs.flatMap((each) => {
      if (!isSame(each, install)) return each;
      return left.parts.length === 0 ? [] : left;
    });
    await writeRecord(place, { ...record, installs });
  }
  return undone;
}

function isSame(one: Install, other: Install): boolean {
  return one.host === other.host && one.scope === other.scope && one.at === other.at;
}

/** An installation into a project is taken out from wherever it is asked for. */
export function placeOf(place: HostPlace, install: Install): HostPlace {
  return install.scope === 'project' ? { ...place, project: install.at } : place;
}

/** The host may be gone meanwhile; its files may not. */
export async function foundHost(install: Install, place: HostPlace): Promise<FoundHost> {
  const host = hosts.find(({ name }) => name === install.host);
  if (host === undefined) throw new Error(`the record names a host that is none: ${install.host}`);
  return (await findHost(host, place)) ?? { host, call: null };
}
