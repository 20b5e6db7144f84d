import type {
  HostPlan,
  HostsInstallation,
  HostsWish,
  InstalledHost,
} from '../operations/install-hosts.ts';
import type { UpdateWish } from '../operations/update-hosts.ts';
import { homeFolder } from '../platform/data-folder.ts';
import type { CommandCall } from './command-call.ts';
import { parseJson } from '../core/json.ts';
import { redact } from '../core/redact.ts';

type Asking = { dryRun: boolean; yes: boolean };

/** Shows the plan, asks where somebody can be asked, writes, and says what the hosts say. */
export async function installHosts(call: CommandCall, wish: HostsWish & Asking): Promise<number> {
  const { planHosts } = await import('../operations/install-hosts.ts');
  return alone(call, { command: 'mo install', dryRun: wish.dryRun }, async () =>
    carryOut(call, await planHosts(call.context, wish), wish),
  );
}

export async function updateHosts(call: CommandCall, wish: Asking & UpdateWish): Promise<number> {
  return alone(call, { command: 'mo update', dryRun: wish.dryRun }, () => updateAlone(call, wish));
}

/** Whoever only looks need not wait for anybody. */
export async function alone(
  { context }: CommandCall,
  { command, dryRun }: { command: string; dryRun: boolean },
  work: () => Promise<number>,
): Promise<number> {
  if (dryRun) return work();
  const { whileHostsAreLocked } = await import('../operations/lock-hosts.ts');
  return whileHostsAreLocked(context, command, work);
}

async function updateAlone(call: CommandCall, wish: Asking & UpdateWish): Promise<number> {
  const { planUpdate } = await import('../operations/update-hosts.ts');
  const update = await planUpdate(call.context, wish);
  if (!call.json) {
    if (update.plans.length === 0)
      call.terminal.out(
        `mo is in no ${wish.host === 'all' && wish.scope === null ? 'host' : 'such host'} yet. Put it there with: mo install`,
      );
    call.terminal.out(
      `This is mo ${call.context.version}. A newer one comes with: ${update.command}`,
    );
  }
  return update.plans.length === 0 && !call.json ? 0 : carryOut(call, update, wish);
}

async function carryOut(
  call: CommandCall,
  installation: HostsInstallation,
  { dryRun, yes }: Asking,
): Promise<number> {
  const { terminal, json } = call;
  const shown = (path: string): string => shortPath(path, homeFolder(call.context.env));
  const { plans } = installation;
  const isSame = plans.every((plan) => plan.isSame);
  if (dryRun) {
    if (json) terminal.out(asJson({ changed: false, hosts: plans.map(planObject) }));
    else
      terminal.out(
        [
          ...plans.flatMap((plan) => planLines(plan, shown, true)),
          ...plans.flatMap(twinLines),
          dryRunEnd(isSame),
        ].join('\n'),
      );
    return 0;
  }
  if (!json) terminal.out(plans.flatMap((plan) => planLines(plan, shown, false)).join('\n'));
  if (!isSame && !yes && !json && terminal.canAsk && !(await isWanted(call))) {
    terminal.out('Nothing was changed.');
    return 0;
  }
  const installed = await installation.apply((one) => {
    if (!json && one.check !== null) terminal.out(checkLine(one.title, one.check));
  });
  const isReached = installed.every(({ check }) => check?.state !== 'lost');
  if (json) {
    const hosts = installed.map((one) => ({
      ...planObject(one),
      check: one.check,
    }));
    terminal.out(asJson({ changed: !isSame, hosts }));
  } else terminal.out(endLines(installed, isSame).join('\n'));
  return isReached ? 0 : 5;
}

export async function isWanted({ terminal, interrupted }: CommandCall): Promise<boolean> {
  const answer = await terminal.ask('Go on? [Y/n] ', interrupted);
  return answer !== null && /^(y|yes|)$/i.test(answer.trim());
}

const signs = { new: '+', changed: '~', same: '=' } as const;

function planLines(plan: HostPlan, shown: (path: string) => string, withDiff: boolean): string[] {
  return [
    `${plan.title}${plan.binary === null ? ' (its program is not on the PATH: only its files are written)' : ` (${shown(plan.binary)})`}`,
    ...plan.steps.flatMap((step) => [
      `  ${signs[step.change]} ${shown(step.path)}  ${step.what}${step.by === null || step.change === 'same' ? '' : `  [by ${step.by}]`}`,
      ...(withDiff && step.diff !== null ? diffLines(step.diff) : []),
    ]),
  ];
}

export function diffLines(diff: string): string[] {
  return redact(diff)
    .split('\n')
    .map((line) => `      ${folded(line)}`);
}

const foldedFrom = 10;

/** A long list on one line says little on a screen. */
function folded(line: string): string {
  const list = /^(.*?)(\[".*"\])(.*)$/.exec(line);
  const items = parseJson(list?.[2] ?? '')?.value;
  if (list === null || !Array.isArray(items) || items.length < foldedFrom) return line;
  return `${list[1]}[${items.length} names, see --json]${list[3]}`;
}

function checkLine(title: string, { state, what }: NonNullable<InstalledHost['check']>): string {
  switch (state) {
    case 'reached':
      return `✓ ${title} reaches mo: ${what.replace(/^✔ /, '')}`;
    case 'waiting':
      return `· ${title} waits for you: run \`claude\` in the project once and say yes to the server mo. Everybody who has the project is asked once.`;
    case 'lost':
      return `✗ ${title} does not reach mo: ${what}`;
  }
}

function dryRunEnd(isSame: boolean): string {
  return isSame
    ? 'Everything is as it should be.'
    : 'Nothing was changed. Without --dry-run this is written.';
}

function endLines(installed: readonly InstalledHost[], isSame: boolean): string[] {
  const twice = installed.flatMap(twinLines);
  if (isSame)
    return [
      twice.length > 0
        ? 'Nothing was changed.'
        : 'Everything is as it should be; nothing was changed. Look closer with: mo doctor',
      ...twice,
    ];
  const isLost = installed.some(({ check }) => check?.state === 'lost');
  return [
    `Installed. Start a new session and type: ${installed.map(({ call, title }) => `${call} (${title})`).join(', ')}`,
    ...twice,
    ...(isLost ? ['What is wrong says: mo doctor'] : []),
    'Take it out again with: mo uninstall',
  ];
}

function twinLines({ title, twins }: HostPlan): string[] {
  return twins.map(
    ({ what, removal }) =>
      `! mo is in ${title} twice: ${what} is there too, and every tool is there double. Take it out with: ${removal}`,
  );
}

function planObject(plan: HostPlan): object {
  return {
    host: plan.host,
    scope: plan.scope,
    mode: plan.mode,
    binary: plan.binary,
    twice: plan.twins.length > 0,
    parts: plan.steps.map(({ kind, path, change, what, by, diff }) => ({
      kind,
      path,
      change,
      what,
      by,
      diff: diff === null ? null : redact(diff),
    })),
  };
}

function asJson(value: object): string {
  return JSON.stringify(value, null, 2);
}

export function shortPath(path: string, home: string): string {
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
