import { access } from 'node:fs/promises';
import { findBinary } from '../platform/find-binary.ts';
import type { Host, HostCall, HostPlace } from './host.ts';

/** A host that is on this machine: its program, or at least its configuration. */
export type FoundHost = {
  host: Host;
  /** null: its program is not on the PATH, so its files are edited. */
  call: HostCall | null;
};

export async function findHost(host: Host, place: HostPlace): Promise<FoundHost | null> {
  const binary = findBinary(host.binary, place.env);
  if (binary !== null) return { host, call: { place, binary } };
  const signs = await Promise.all(host.signs(place).map(isThere));
  return signs.includes(true) ? { host, call: null } : null;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
