import type { HostName, Scope } from '../hosts/host.ts';
import { readRecord } from '../hosts/install-record.ts';
import type { OperationContext } from './context.ts';
import { hostPlace } from './host-place.ts';
import { placeOfInstall, planFound, type HostsInstallation } from './install-hosts.ts';
import { foundHost } from './uninstall-hosts.ts';
import { isPassing } from '../hosts/package-step.ts';

export type HostsUpdate = HostsInstallation & {
  /** What brings a newer mo. */
  command: string;
};

export type UpdateWish = {
  host: HostName | 'all';
  /** null: both. */
  scope: Scope | null;
  force: boolean;
};

/** What this mo would write otherwise than the one that installed, as it was wished for then. Reads, and writes nothing. */
export async function planUpdate(
  context: OperationContext,
  wish: UpdateWish,
): Promise<HostsUpdate> {
  const place = await hostPlace(context);
  const { installs } = await readRecord(place);
  const { force } = wish;
  const wishes = [];
  for (const install of installs) {
    if (wish.host !== 'all' && wish.host !== install.host) continue;
    if (wish.scope !== null && wish.scope !== install.scope) continue;
    const found = await foundHost(install, place);
    if (placeOfInstall(place, found, install.scope) !== install.at) continue;
    const { scope, mode, command, approve, snippet } = install;
    wishes.push({ found, wish: { scope, mode, command, approve, snippet, force } });
  }
  return { ...(await planFound(place, wishes)), command: updateCommand(place.package) };
}

function updateCommand(packageFolder: string): string {
  return isPassing(packageFolder)
    ? 'npx -y mo-mcp@latest install'
    : 'npm install --global mo-mcp@latest && mo update';
}
