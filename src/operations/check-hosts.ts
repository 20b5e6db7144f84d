import { examineEntry } from '../hosts/examine-host.ts';
import { findHost } from '../hosts/found-host.ts';
import { hosts } from '../hosts/hosts.ts';
import { readRecord } from '../hosts/install-record.ts';
import { fail, type Check } from '../selftest/check.ts';
import { hostPlace } from './host-place.ts';

/**
 * What stands of mo in the hosts of this user, and whether it can be started. Only read, and no host is asked: whether one reaches mo is for
 * `mo doctor`, which has it start its servers.
 */
export function hostsCheck(context: HostsContext): Check {
  return {
    name: 'hosts',
    title: "hosts' entries",
    of: 'environment',
    limitMs: 10_000,
    needs: [],
    run: async () => lookIntoHosts(context),
  };
}

export type HostsContext = Parameters<typeof hostPlace>[0];

async function lookIntoHosts(context: HostsContext): Promise<string> {
  const place = await hostPlace(context);
  const { installs } = await readRecord(place);
  const said: string[] = [];
  for (const host of hosts) {
    const found = await findHost(host, place);
    const install = installs.find(({ host: name }) => name === host.name) ?? null;
    if (found === null && install === null) continue;
    const { entry, findings } = await examineEntry(place, found ?? { host, call: null }, install);
    const [first] = findings;
    if (first !== undefined) fail(first.what, first.fix);
    said.push(`${host.title}: ${entry !== null ? 'server mo' : (install?.mode ?? 'without mo')}`);
  }
  return said.length === 0 ? 'neither Claude Code nor Codex is here' : said.join(', ');
}
