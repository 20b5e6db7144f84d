import { MoError } from '../core/problem.ts';
import { readText } from '../platform/files.ts';
import type { FoundHost } from './found-host.ts';
import { HostRefusal, pluginId, type Host, type HostPlace, type Mode } from './host.ts';
import type { Install } from './install-record.ts';
import { isOfMo } from './server-command.ts';
import { TextError } from './text-error.ts';

/** Another mo in the same host: with two every tool is there double. */
export type Twin = {
  /** `the plugin mo@mo-mcp`. */
  what: string;
  /** What a person types to take it out. */
  removal: string;
};

/** What is in the host beside an installation of this mode. Read from files; the host is asked only where these name a plugin. */
export async function findTwins(
  place: HostPlace,
  found: FoundHost,
  mode: Mode,
  installs: readonly Install[],
): Promise<Twin[]> {
  const { host } = found;
  const plugins = (await namedPlugins(place, found, mode)).map((id) => ({
    what: `the plugin ${id}`,
    removal: pluginRemoval(host, id, installs),
  }));
  return mode === 'direct' ? plugins : [...plugins, ...(await serversOf(place, found, installs))];
}

/** A plugin that mo has put in is taken out with all that belongs to it. */
export function pluginRemoval(host: Host, id: string, installs: readonly Install[]): string {
  const ours = installs.find((one) => one.host === host.name && one.mode === 'plugin');
  if (ours === undefined || id !== pluginId) return host.plugin.removal(id);
  return uninstallOf(ours);
}

function uninstallOf({ host, scope }: Install): string {
  return `mo uninstall --host ${host} --scope ${scope}`;
}

async function namedPlugins(
  place: HostPlace,
  { host, call }: FoundHost,
  mode: Mode,
): Promise<string[]> {
  const isOther = (id: string): boolean => mode === 'direct' || id !== pluginId;
  const text = await readText(host.plugin.file(place));
  const named = text === null ? [] : host.plugin.named(text).filter(isOther);
  if (named.length === 0 || call === null) return named;
  try {
    return (await host.plugin.installed(call)).filter(isOther);
  } catch (error) {
    // It cannot say which of them are mo's.
    if (error instanceof HostRefusal) return named;
    throw error;
  }
}

async function serversOf(
  place: HostPlace,
  { host }: FoundHost,
  installs: readonly Install[],
): Promise<Twin[]> {
  const twins: Twin[] = [];
  const files = new Map(
    (['project', 'user'] as const).map((scope) => [host.files(place, scope).entry, scope]),
  );
  for (const [file, scope] of files) {
    const text = await readText(file);
    const entry = text === null ? null : readIn(file, () => host.readEntry(text));
    if (entry === null || !isOfMo(entry)) continue;
    const ours = installs.find(({ parts }) =>
      parts.some((part) => part.kind === 'entry' && part.mark.file === file),
    );
    const removal = ours === undefined ? host.removal(scope) : uninstallOf(ours);
    twins.push({ what: `a server of its own in ${file}`, removal });
  }
  return twins;
}

function readIn<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof TextError)) throw cause;
    const { line, message: what } = cause;
    throw new MoError({ code: 'config-broken', file, line, what }, { cause });
  }
}
