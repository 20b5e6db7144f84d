import { access } from 'node:fs/promises';
import { MoError } from '../core/problem.ts';
import type { Provider } from '../core/worker.ts';
import { examineEntry, examineSkill } from '../hosts/examine-host.ts';
import type { Finding } from '../hosts/finding.ts';
import type { FoundHost } from '../hosts/found-host.ts';
import { findHost } from '../hosts/found-host.ts';
import {
  pluginId,
  type Host,
  type HostCheck,
  type HostName,
  type HostPlace,
  type Mode,
} from '../hosts/host.ts';
import { hosts } from '../hosts/hosts.ts';
import { readRecord, type Install } from '../hosts/install-record.ts';
import { pluginRemoval } from '../hosts/twins.ts';
import type { OperationContext } from './context.ts';
import { hostPlace } from './host-place.ts';
import { askToConnect, pluginsOf } from './install-hosts.ts';
import { probeProvider } from './probe-provider.ts';

export type ExaminedHost = {
  host: Host['name'];
  title: string;
  /** null: its program is not on the PATH. */
  binary: string | null;
  version: string | null;
  signedIn: 'yes' | 'no' | 'unknown';
  /** How mo is in it; `other`: it is not, and its name is that of another server. */
  mo: 'direct' | 'plugin' | 'both' | 'other' | 'no';
  /** Whether the host reaches mo; null: it was not asked. */
  check: HostCheck | null;
  findings: Finding[];
};

export type Examination = {
  mo: string;
  node: string;
  hosts: ExaminedHost[];
  /** All of them: `host` is null for those of mo itself and of the project. */
  findings: (Finding & { host: HostName | null })[];
  ok: boolean;
};

/** Everything that can keep mo from working in a host, with what to type against it. Changes nothing; hosts start their servers for it. */
export async function examine(
  context: OperationContext,
  wish: { host: HostName | 'all' },
): Promise<Examination> {
  const place = await hostPlace(context);
  const wanted = hosts.filter(({ name }) => wish.host === 'all' || name === wish.host);
  const [found, own] = await Promise.all([
    Promise.all(wanted.map((host) => findHost(host, place))),
    examineSelf(context, place),
  ]);
  const installs = await readInstalls(place, own);
  const examined: ExaminedHost[] = [];
  for (const [index, host] of wanted.entries()) {
    const one = found[index] ?? null;
    const install = installs.find(
      ({ host: name, scope, at }) =>
        name === host.name &&
        (scope === 'user' ? at === host.files(place, scope).entry : at === place.project),
    );
    if (one !== null || install !== undefined) {
      examined.push(
        await examineHost(context, place, one ?? { host, call: null }, {
          install: install ?? null,
          installs,
        }),
      );
    }
  }
  const findings = [
    ...examined.flatMap((one) => one.findings.map((each) => ({ host: one.host, ...each }))),
    ...[...own, ...absent(wanted, examined)].map((each) => ({ host: null, ...each })),
  ];
  const ok = findings.length === 0;
  return { mo: context.version, node: process.versions.node, hosts: examined, findings, ok };
}

/** No host, or mo in none. */
function absent(wanted: readonly Host[], examined: readonly ExaminedHost[]): Finding[] {
  const [one, ...more] = wanted;
  const install =
    one === undefined || more.length > 0 ? 'mo install' : `mo install --host ${one.name}`;
  if (examined.length === 0) {
    const what =
      more.length === 0 ? `${one?.title} is not here.` : 'Neither Claude Code nor Codex is here.';
    return [{ what, fix: `Install ${more.length === 0 ? 'it' : 'one of them'}, then: ${install}` }];
  }
  if (examined.some(({ mo }) => mo !== 'no')) return [];
  const where = more.length === 0 ? `not in ${one?.title}` : 'in no host';
  return [{ what: `mo is ${where} yet.`, fix: install }];
}

async function examineHost(
  context: OperationContext,
  place: HostPlace,
  found: FoundHost,
  { install, installs }: { install: Install | null; installs: readonly Install[] },
): Promise<ExaminedHost> {
  const { host, call } = found;
  const [{ entry, isTaken, findings }, skill, plugins, probed] = await Promise.all([
    examineEntry(place, found, install),
    install === null ? [] : examineSkill(place, install),
    pluginsOf(found),
    probe(context, host),
  ]);
  const mo = stateOf(entry !== null, plugins.length > 0) ?? (isTaken ? 'other' : 'no');
  const check =
    call === null || mo === 'no' || mo === 'other' ? null : await connect(found, mo, install);
  return {
    host: host.name,
    title: host.title,
    binary: call?.binary.at(-1) ?? null,
    version: probed.version,
    signedIn: probed.signedIn,
    mo,
    check,
    findings: [
      ...(call === null || probed.problem !== null
        ? [probed.problem ?? { what: `${host.binary} is not on the PATH.`, fix: 'Install it.' }]
        : []),
      ...findings,
      ...skill,
      ...doubled({ host, install, installs, isServer: entry !== null, plugins }),
      ...(install?.mode === 'plugin' && !plugins.includes(pluginId) && call !== null
        ? [lostPlugin(host, install, plugins)]
        : []),
      // What keeps it from starting has been said already.
      ...(check === null || findings.length > 0
        ? []
        : unreached({ host, install, plugins }, check)),
    ],
  };
}

function stateOf(isServer: boolean, isPlugin: boolean): 'direct' | 'plugin' | 'both' | null {
  if (isServer) return isPlugin ? 'both' : 'direct';
  return isPlugin ? 'plugin' : null;
}

type InHost = { host: Host; install: Install | null; plugins: readonly string[] };

/** A server of its own and plugins of any marketplace: one of them is enough. */
function doubled({
  host,
  install,
  installs,
  isServer,
  plugins,
}: InHost & { installs: readonly Install[]; isServer: boolean }): Finding[] {
  const { title } = host;
  const named = [...(isServer ? ['a server'] : []), ...plugins.map((id) => `plugin ${id}`)];
  if (named.length < 2) return [];
  const isOurs = install?.mode === 'plugin' && plugins.includes(pluginId);
  const spare = plugins.filter((id) => !isOurs || id !== pluginId);
  const ways = [
    ...(isServer && install?.mode !== 'direct' ? [host.removal('user')] : []),
    ...spare.map((id) => pluginRemoval(host, id, installs)),
  ];
  const what = `mo is in ${title} ${named.length === 2 ? 'twice' : `${named.length} times`}, as ${named.join(' and ')}: every tool is there double.`;
  const keep =
    install === null ? 'Keep one, and take the others out' : 'Keep what mo install wrote';
  return [{ what, fix: `${keep}: ${ways.join('; ')}` }];
}

/** Where another one is there, a further one would be one too many. */
function lostPlugin(host: Host, install: Install, plugins: readonly string[]): Finding {
  const [other] = plugins;
  const what = `The plugin ${pluginId} is not in ${host.title} any more`;
  if (other === undefined) return { what: `${what}.`, fix: again(install) };
  return {
    what: `${what}; ${other} is.`,
    fix: `Keep that one, and take out what is left: mo uninstall --host ${host.name}`,
  };
}

function unreached({ host, install, plugins }: InHost, check: HostCheck): Finding[] {
  switch (check.state) {
    case 'reached':
      return [];
    case 'waiting': {
      const fix = `Run \`${host.binary}\` in the project once and say yes to the server mo.`;
      return [{ what: `${host.title} waits for your approval of the server in .mcp.json.`, fix }];
    }
    case 'lost': {
      const [plugin] = install === null ? plugins : [];
      const fix =
        plugin === undefined
          ? again(install)
          : `Put mo in another way: ${host.plugin.removal(plugin)}, then: mo install`;
      return [{ what: `${host.title} does not reach mo: ${check.what}.`, fix }];
    }
  }
}

function again(install: Install | null): string {
  if (install === null) return 'mo install';
  const scope = install.scope === 'project' ? ' --scope project' : '';
  const mode = install.mode === 'plugin' ? ' --mode plugin' : '';
  return `mo install --host ${install.host}${scope}${mode}`;
}

async function connect(
  { host, call }: FoundHost,
  mo: Exclude<ExaminedHost['mo'], 'no' | 'other'>,
  install: Install | null,
): Promise<HostCheck | null> {
  if (call === null) return null;
  const mode: Mode = mo === 'plugin' ? 'plugin' : 'direct';
  return askToConnect(() => host.check(call, { scope: install?.scope ?? 'user', mode }));
}

type Probed = {
  version: string | null;
  signedIn: ExaminedHost['signedIn'];
  problem: Finding | null;
};

/** A host is the program of a provider too: what is known of a worker's CLI is asked the same way. */
async function probe(context: OperationContext, host: Host): Promise<Probed> {
  const provider: Provider | undefined = (await context.providers()).find(
    ({ binary }) => binary === host.binary,
  );
  if (provider === undefined) return { version: null, signedIn: 'unknown', problem: null };
  return probeProvider(provider, {
    env: context.env,
    folder: context.folder,
    now: context.clock.now(),
    signal: context.signal,
  });
}

async function readInstalls(place: HostPlace, findings: Finding[]): Promise<Install[]> {
  try {
    return (await readRecord(place)).installs;
  } catch (error) {
    if (!(error instanceof MoError)) throw error;
    findings.push({ what: error.message, fix: 'Move the file away, then: mo install' });
    return [];
  }
}

async function examineSelf(context: OperationContext, place: HostPlace): Promise<Finding[]> {
  const [addon, workspace] = await Promise.all([examineAddon(), examineWorkspace(context, place)]);
  return [...addon, ...workspace];
}

async function examineAddon(): Promise<Finding[]> {
  const { openDatabase } = await import('../store/database.ts');
  try {
    (await openDatabase(':memory:')).close();
    return [];
  } catch (error) {
    if (!(error instanceof MoError)) throw error;
    const [what = error.message, ...fix] = error.message.split(/(?<=\.) (?=Run )/);
    return [{ what, fix: fix.join(' ') }];
  }
}

/** The workspace says itself that git is to ignore it; somebody may have removed that. */
async function examineWorkspace(
  { env, project }: OperationContext,
  place: HostPlace,
): Promise<Finding[]> {
  const { workspacePaths } = await import('../store/paths.ts');
  const { folder } = workspacePaths(place.project);
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  if (!isThere || !(await isRepository(project))) return [];
  const { createGit } = await import('../git/git.ts');
  const seen = await createGit(place.project, { env }).run(
    ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--', folder],
    { cutAt: 1_000 },
  );
  if (seen.stdout === '') return [];
  const what = `git does not ignore ${folder}, so what mo keeps there could be committed.`;
  return [{ what, fix: `echo '*' > '${folder}/.gitignore'` }];
}

/** What is wrong with git is said by `mo health`. */
async function isRepository(project: OperationContext['project']): Promise<boolean> {
  try {
    return (await project()).git !== null;
  } catch (error) {
    if (error instanceof MoError) return false;
    throw error;
  }
}
