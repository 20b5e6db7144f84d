import type { Json } from '../../core/json.ts';
import { serverName, type Entry, type HostCall } from '../host.ts';
import { withAppServer } from './app-server.ts';

const keyPath = `mcp_servers.${serverName}`;

/** Codex checks the value against its own schema first, and keeps comments. */
export async function writeEntry(call: HostCall, entry: Entry): Promise<void> {
  await write(call, { keyPath, value: { ...entry }, mergeStrategy: 'upsert' });
}

export async function removeEntry(call: HostCall): Promise<void> {
  await write(call, { keyPath, value: null, mergeStrategy: 'replace' });
}

async function write(call: HostCall, params: Json): Promise<void> {
  await withAppServer(call, (server) => server.ask('config/value/write', params));
}
