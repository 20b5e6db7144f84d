import { didYouMean } from '../core/closest.ts';
import { MoError } from '../core/problem.ts';
import { remarked } from '../hosts/config-file.ts';
import { findHost, type FoundHost } from '../hosts/found-host.ts';
import { HostRefusal, type HostCheck, type HostName, type HostPlace } from '../hosts/host.ts';
import { hosts } from '../hosts/hosts.ts';
import { readRecord, writeRecord, type Install, type Part } from '../hosts/install-record.ts';
import { partOf, planInstall, type InstallWish } from '../hosts/plan-install.ts';
import type { Step } from '../hosts/step.ts';
import { findTwins, type Twin } from '../hosts/twins.ts';
import type { OperationContext } from './context.ts';
import { hostPlace } from './host-place.ts';
import { operations } from './operations.ts';

export type HostsWish = Omit<InstallWish, 'command'> & {
  /** `all`: every host that is on this machine. */
  host: HostName | 'all';
  /** null: `node` for the user, `npx` in the files of a project. */
  command: InstallWish['command'] | null;
};

/** What would be done to one host. */
export type HostPlan = {
  host: HostName;
  title: string;
  call: string;
  scope: InstallWish['scope'];
  mode: InstallWish['mode'];
  /** null: its program is not on the PATH. */
  binary: string | null;
  steps: readonly Step[];
  isSame: boolean;
  /** What is there beside it already: every tool is there double. */
  twins: readonly Twin[];
};

export type InstalledHost = HostPlan & {
  /** What the host says of the server; null where its program is not there or nothing changed. */
  check: HostCheck | null;
};

export type HostsInstallation = {
  plans: readonly HostPlan[];
  /** Writes what the plans say and asks every host that changed whether it reaches mo. */
  apply: (told: (host: InstalledHost) => void) => Promise<InstalledHost[]>;
};

/** Reads everything and writes nothing: what stands against one host is found before another one is changed. */
export async function planHosts(
  context: OperationContext,
  wish: HostsWish,
): Promise<HostsInstallation> {
  checkWish(wish);
  const place = await hostPlace(context);
  const found = await findHosts(place, wish);
  const wishes = found.map((one) => {
    const usual = one.host.isEntryShared(wish.scope) ? 'npx' : 'node';
    return { found: one, wish: { ...wish, command: wish.command ?? usual } };
  });
  return planFound(place, wishes);
}

/** The same for what has been installed already, as it was wished for then. */
export async function planFound(
  place: HostPlace,
  wishes: readonly { found: FoundHost; wish: InstallWish }[],
): Promise<HostsInstallation> {
  const record = await readRecord(place);
  const planned: Planned[] = [];
  const refused: MoError[] = [];
  for (const one of wishes) {
    try {
      planned.push(await planOne(place, one, record.installs));
    } catch (error) {
      if (!(error instanceof MoError)) throw error;
      refused.push(error);
    }
  }
  if (refused.length > 0) throw allOf(refused);
  return {
    plans: planned.map(({ plan }) => plan),
    apply: async (told) => {
      const installed: InstalledHost[] = [];
      for (const { found, wish, steps, plan } of planned) {
        await haltAfter(installed, found, () => applySteps(place, found, wish, steps));
        const check = plan.isSame ? null : await checkHost(place, found, wish);
        const one = { ...plan, check };
        told(one);
        installed.push(one);
      }
      return installed;
    },
  };
}

type Planned = { found: FoundHost; wish: InstallWish; steps: Step[]; plan: HostPlan };

async function planOne(
  place: HostPlace,
  { found, wish }: Pick<Planned, 'found' | 'wish'>,
  installs: readonly Install[],
): Promise<Planned> {
  const known = knownInstall(installs, place, found, wish);
  const steps = await planInstall(place, found, wish, known);
  const twins = await findTwins(place, found, wish.mode, installs);
  if (known === null && !wish.force) refuseTwin(found, twins);
  return { found, wish, steps, plan: planOf(found, wish, { steps, twins }) };
}

/** Whoever mends one host would find the next one refused. */
function allOf(refused: readonly MoError[]): MoError {
  const [first] = refused;
  if (first !== undefined && refused.length === 1) return first;
  const reasons = refused.map(({ message }) => message);
  const { problem } = refused.at(-1) ?? {};
  const isWrongUse = refused.every((error) => error.problem.code === 'bad-input');
  if (!isWrongUse || problem?.code !== 'bad-input')
    return new MoError({ code: 'hosts-refused', reasons });
  return new MoError({ ...problem, what: [...reasons.slice(0, -1), problem.what].join('\n') });
}

/** What an earlier host has taken is whole and recorded, so it stays. */
async function haltAfter(
  before: readonly HostPlan[],
  { host }: FoundHost,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (cause) {
    const done = before.filter(({ isSame }) => !isSame).map(({ title }) => title);
    if (!(cause instanceof MoError) || done.length === 0) throw cause;
    const { message: reason } = cause;
    throw new MoError({ code: 'install-halted', done, host: host.title, reason }, { cause });
  }
}

/** Where an installation stands in the record. */
export function placeOfInstall(
  place: HostPlace,
  { host }: FoundHost,
  scope: InstallWish['scope'],
): string {
  return scope === 'project' ? place.project : host.files(place, scope).entry;
}

function checkWish({ approve, scope, mode }: HostsWish): void {
  if (mode === 'plugin' && scope === 'project') {
    throw new MoError({
      code: 'bad-input',
      what: 'A plugin is there for everything a person does in the host, so --mode plugin does not go into a project.',
      fix: 'Leave out --mode plugin or --scope project.',
    });
  }
  const known = operations.map(({ name }) => name);
  const stranger = approve.find((tool) => !known.includes(tool));
  if (stranger !== undefined) {
    throw new MoError({
      code: 'bad-input',
      what: `--approve: there is no tool ${stranger}.`,
      fix: didYouMean(stranger, known) ?? `The tools are: ${known.join(', ')}.`,
    });
  }
  if (approve.length > 0 && scope === 'project') {
    throw new MoError({
      code: 'bad-input',
      what: 'What runs unasked is for each person to say, so --approve does not go into a project.',
      fix: 'Leave out --approve or --scope project.',
    });
  }
}

/** A plugin is put in by the host's program alone. */
async function findHosts(place: HostPlace, { host: name, mode }: HostsWish): Promise<FoundHost[]> {
  const wanted = hosts.filter((host) => name === 'all' || host.name === name);
  const found = await Promise.all(wanted.map((host) => findHost(host, place)));
  const here = found.filter((one) => one !== null);
  const able = mode === 'plugin' ? here.filter(({ call }) => call !== null) : here;
  if (able.length > 0) return able;
  const needs = here.length === 0 ? 'anything' : 'program';
  throw new MoError({ code: 'host-missing', hosts: wanted.map(({ title }) => title), needs });
}

/** One place is recorded in one way. */
function knownInstall(
  installs: readonly Install[],
  place: HostPlace,
  found: FoundHost,
  { scope, mode }: InstallWish,
): Install | null {
  const at = placeOfInstall(place, found, scope);
  const known =
    installs.find((one) => one.host === found.host.name && one.scope === scope && one.at === at) ??
    null;
  if (known === null || known.mode === mode) return known;
  throw new MoError({
    code: 'bad-input',
    what: `mo is in ${found.host.title} already, as ${known.mode === 'plugin' ? 'a plugin' : 'a server of its own'}.`,
    fix: `Take that out first: mo uninstall --host ${found.host.name}`,
  });
}

/** What is there already is told of when it is written again, and goes first when it would be written for the first time. */
function refuseTwin({ host }: FoundHost, [twin]: readonly Twin[]): void {
  if (twin === undefined) return;
  throw new MoError({
    code: 'bad-input',
    what: `mo is in ${host.title} already, as ${twin.what}: every tool would be there double.`,
    fix: `Take that out first: ${twin.removal} (or have both with --force)`,
  });
}

function planOf(
  { host, call }: FoundHost,
  wish: InstallWish,
  { steps, twins }: Pick<HostPlan, 'steps' | 'twins'>,
): HostPlan {
  return {
    host: host.name,
    title: host.title,
    call: host.call(wish.mode),
    scope: wish.scope,
    mode: wish.mode,
    binary: call?.binary.at(-1) ?? null,
    steps,
    isSame: steps.every(({ change }) => change === 'same'),
    twins,
  };
}

/** Recorded before and after each step, so that one that fails or is cut off leaves nothing that could not be taken out again. */
async function applySteps(
  place: HostPlace,
  found: FoundHost,
  wish: InstallWish,
  steps: readonly Step[],
): Promise<void> {
  for (const step of steps) {
    const { installs } = await readRecord(place);
    const part = await step.apply(async (announced) => {
      if (announced !== null) return remember(place, found, wish, announced);
      return writeRecord(place, { ...(await readRecord(place)), installs });
    });
    await remember(place, found, wish, part);
  }
}

async function remember(
  place: HostPlace,
  found: FoundHost,
  wish: InstallWish,
  part: Part,
): Promise<void> {
  const record = await readRecord(place);
  const at = placeOfInstall(place, found, wish.scope);
  const isOurs = (one: Install): boolean =>
    one.host === found.host.name && one.scope === wish.scope && one.at === at;
  const before = record.installs.find(isOurs);
  const parts = before?.parts ?? [];
  const isNew = parts.every(({ kind }) => kind !== part.kind);
  const next: Install = {
    host: found.host.name,
    scope: wish.scope,
    at,
    mode: wish.mode,
    command: wish.command,
    approve: [...new Set([...(before?.approve ?? []), ...wish.approve])],
    snippet: wish.snippet || (before?.snippet ?? false),
    mo: place.version,
    parts: isNew ? [...parts, part] : parts.map((one) => (one.kind === part.kind ? part : one)),
  };
  const installs =
    before === undefined
      ? [...record.installs, next]
      : record.installs.map((one) => (isOurs(one) ? next : one));
  await writeRecord(place, { ...record, installs });
}

/** Asking makes the host write to its own files, and that is no change by somebody else. */
async function checkHost(
  place: HostPlace,
  found: FoundHost,
  wish: InstallWish,
): Promise<HostCheck | null> {
  const { call, host } = found;
  if (call === null) return null;
  const check = await askToConnect(() => host.check(call, wish));
  const record = await readRecord(place);
  const at = placeOfInstall(place, found, wish.scope);
  const ours = record.installs.find(
    (one) => one.host === host.name && one.scope === wish.scope && one.at === at,
  );
  const entry = partOf(ours?.parts ?? [], 'entry');
  if (entry !== null)
    await remember(place, found, wish, { ...entry, mark: await remarked(entry.mark) });
  return check;
}

/** A host that cannot say is asked by other questions too, which tell what is wrong with it. */
export async function pluginsOf({ host, call }: FoundHost): Promise<string[]> {
  if (call === null) return [];
  try {
    return await host.plugin.installed(call);
  } catch (error) {
    if (error instanceof HostRefusal) return [];
    throw error;
  }
}

export async function askToConnect(ask: () => Promise<HostCheck>): Promise<HostCheck> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof HostRefusal) return { state: 'lost', what: error.message };
    throw error;
  }
}
