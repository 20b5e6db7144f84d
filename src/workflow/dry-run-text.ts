import { drawGraph } from '../core/drawing.ts';
import { groupBy } from '../core/group-by.ts';
import type { NodeSpec } from '../core/node.ts';
import { keyOf } from '../core/routing.ts';
import { trackKey, type Quantiles, type TrackRecord } from '../core/track-record.ts';
import type { Route } from '../core/worker.ts';
import type { Assignment } from './assign.ts';
import type { DryRun } from './dry-run.ts';
import { roleOf } from './estimate.ts';
import type { ItemsNow } from './items-now.ts';
import { itemLines } from './items-text.ts';
import { limitLines, wholeText } from './proof-text.ts';
import { counted, cut, mostColumns, oneLine, section, wrap } from './text-lines.ts';

/** Plain text, at most `columns` wide, and never narrower than 40 or wider than 80. */
export function renderDryRun(run: DryRun, columns = mostColumns): string {
  const width = Math.min(mostColumns, Math.max(leastColumns, columns));
  const { nodes, batches, longest, concurrency, whole } = run;
  return [
    `${counted(nodes.length, 'node')} in ${counted(batches.length, 'batch')}, at most ${concurrency} at once.`,
    `Longest chain: ${counted(longest.path.length, 'node')}, at most ${timeText(longest.ms)} with one attempt each.`,
    ...(whole === null ? [] : [wholeText(whole)]),
    '',
    ...nodeLines(run, width),
    // One node is in the table.
    ...section('', nodes.length === 1 ? [] : drawGraph(nodes, width)),
    ...whoLines(run),
    ...section('Not at the same time, because their scopes overlap:', overlapLines(run)),
    ...section('', estimateLines(run)),
    ...section('', run.advice),
  ]
    .flatMap((line) => wrap(line, width))
    .join('\n');
}

/** Who would do what and why, below an empty line. */
export function whoLines(run: DryRun): string[] {
  return section('Who, why, and what an attempt took before:', workerLines(run));
}

/** `claude:fast haiku`. */
export function routeText(route: Pick<Route, 'provider' | 'profile' | 'model'>): string {
  return `${keyOf(route)}${route.model === null ? '' : ` ${route.model}`}`;
}

const leastColumns = 40;
const maxNodes = 100;
const maxPairs = 20;
const maxWorkers = 20;

function nodeLines({ nodes, batches, assignments, items }: DryRun, width: number): string[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const shown = batches
    .flatMap((batch, index) => batch.map((name) => ({ name, batch: index + 1 })))
    .slice(0, maxNodes)
    .flatMap(({ name, batch }) => {
      const node = byName.get(name);
      return node === undefined ? [] : [{ node, row: rowOf(node, batch, assignments.get(name)) }];
    });
  const widths = mostOf.map((most, column) =>
    Math.min(
      Math.round((most * width) / mostColumns),
      Math.max(...shown.map(({ row }) => row[column]?.length ?? 0)),
    ),
  );
  const left = nodes.length - shown.length;
  return [
    ...shown.flatMap(({ node, row }) => [
      // What of the needs has no room at all says nothing; the drawing has them.
      cut(tableLine(row, widths), width).replace(/ +after …$/, ''),
      ...detailLines(node, items.get(node.name)).map((line) => cut(line, width)),
      // What a person agrees to is not cut.
      ...limitLines(node.map?.item ?? node).map((line) => `${detail}${line}`),
    ]),
    ...(left > 0 ? [`  … and ${left} more nodes`] : []),
  ];
}

/** Columns are as wide as their content, up to this; the last one gets what is left. */
const mostOf = [5, 22, 26, 22] as const;

type Row = readonly [batch: string, name: string, work: string, paths: string, needs: string];

function rowOf(node: NodeSpec, batch: number, assignment: Assignment | undefined): Row {
  const route = assignment?.route ?? null;
  const who = route === null ? node.provider : keyOf(route);
  return [
    String(batch),
    node.name,
    node.kind === 'agent' ? [node.role, who].filter(Boolean).join(' by ') : node.kind,
    doesText(node),
    node.needs.length === 0 ? '' : `after ${node.needs.slice(0, 20).join(', ')}`,
  ];
}

function doesText(node: NodeSpec): string {
  switch (node.kind) {
    case 'approval':
      return 'asks';
    case 'gate':
      return 'checks';
    case 'map':
      return 'adds items';
    case 'agent':
    case 'command':
      return pathsOf(node, node.kind);
  }
}

function pathsOf(
  { write, scope }: Pick<NodeSpec, 'write' | 'scope'>,
  kind: 'agent' | 'command',
): string {
  if (!write) return kind === 'command' ? 'runs' : 'reads';
  return scope === null || scope === 'any'
    ? 'writes anything'
    : `writes ${scope.allow.slice(0, 10).join(', ')}`;
}

/** What a row has no room for, one line each, below it. */
function detailLines(node: NodeSpec, items: ItemsNow | undefined): string[] {
  const { when, passWhen, onFail, map } = node;
  const lines = when === null ? [] : [`only when ${when}`];
  if (node.kind === 'approval') lines.push(`asks: ${node.task}`);
  for (const expression of passWhen ?? []) lines.push(`passes when ${expression}`);
  if (onFail !== null) {
    lines.push(`else sends ${onFail.retry} back, at most ${counted(onFail.maxRetries, 'time')}`);
  }
  if (map !== null) {
    const { over, as, batch, concurrency, item } = map;
    const who =
      item.kind === 'command' ? 'command' : [item.role, item.provider].filter(Boolean).join(' by ');
    lines.push(
      `over ${over} as ${as}${cutsOf(map)}`,
      ...(items === undefined ? [] : itemLines(items)),
      `${counted(batch, 'item')} a worker, at most ${concurrency} at once: ${who}, ${pathsOf(item, item.kind)}`,
    );
  }
  if (node.emit === 'nodes') lines.push('adds the nodes of its plan');
  if (node.emit === 'review') lines.push('adds nodes that mend what it finds');
  return lines.map((line) => `${detail}${oneLine(line)}`);
}

const detail = ' '.repeat(7);

export function cutsOf({ limit, sample }: NonNullable<NodeSpec['map']>): string {
  return `${limit === null ? '' : `, the first ${limit}`}${sample === null ? '' : `, a sample of ${sample}`}`;
}

function tableLine(row: Row, widths: readonly number[]): string {
  const cells = row.map((text, column) => {
    const room = widths[column];
    return room === undefined ? oneLine(text) : cut(oneLine(text), room).padEnd(room);
  });
  return `  ${cells.join('  ').trimEnd()}`;
}

/** One entry for all nodes that get the same worker for the same reasons. */
function workerLines({ nodes, assignments, records }: DryRun): string[] {
  if (assignments.size === 0) return [];
  const byKey = new Map(records.map((record) => [trackKey(record.role, record.route), record]));
  const working = nodes.filter((node) => assignments.has(node.name));
  const groups = groupBy(working, (node) => {
    const assignment = assignments.get(node.name);
    // Why nobody can is said once for all of them.
    const role = assignment?.route === null ? null : roleOf(node);
    return JSON.stringify([role, assignment]);
  });
  const lines = [...groups.values()].slice(0, maxWorkers).flatMap((group) => {
    const [first] = group;
    const assignment = first === undefined ? undefined : assignments.get(first.name);
    if (first === undefined || assignment === undefined) return [];
    const { route, reasons } = assignment;
    const roles = [...groupBy(group, roleOf)].map(
      ([role, { length }]) => `${role}${length === 1 ? '' : ` (${length})`}`,
    );
    const head = `  ${roles.join(', ')}: `;
    if (route === null) return [`${head}nobody can take it: ${reasons.join('; ')}`];
    const mode = route.mode === 'write' ? 'writes' : 'reads only';
    const record = byKey.get(trackKey(roleOf(first), route));
    return [
      `${head}${routeText(route)}, ${mode}: ${reasons.join('; ')}`,
      `    ${recordText(record)}`,
    ];
  });
  return groups.size > maxWorkers ? [...lines, `  … and ${groups.size - maxWorkers} more`] : lines;
}

function recordText(record: TrackRecord | undefined): string {
  if (record === undefined) return 'no data';
  const { attempts, ms, usd } = record;
  const price = usd === null ? 'no money reported' : pairText(usd, moneyText);
  return `${price}, ${pairText(ms, timeText)}, from ${counted(attempts, 'attempt')}`;
}

function overlapLines({ overlaps }: DryRun): string[] {
  const lines = overlaps.slice(0, maxPairs).map(([left, right]) => `  ${left}  and  ${right}`);
  return overlaps.length > maxPairs
    ? [...lines, `  … and ${overlaps.length - maxPairs} more pairs`]
    : lines;
}

export function estimateLines({
  nodes,
  estimate,
  assignments,
  concurrency,
  items,
}: DryRun): string[] {
  if (assignments.size === 0) return [];
  if (estimate.chain === null || estimate.workMs === null) {
    return [
      'Estimate: no data. Nobody has done an attempt of these roles by these routes in this project.',
    ];
  }
  const { chain, workMs, usd } = estimate;
  const slots = workMs.median / concurrency;
  return [
    `Estimate, if every node needs one attempt, from ${counted(estimate.attempts, 'attempt')} in this project:`,
    usd === null
      ? '  money: no data, none was reported'
      : `  money: ${pairText(usd, moneyText)}${gapText(estimate.workers - estimate.priced, 'worker')}`,
    `  time: ${pairText(chain.ms, timeText)} for the longest chain (${counted(chain.path.length, 'node')})${gapText(chain.unknown, 'of its nodes')}`,
    ...(slots > chain.ms.median
      ? [
          `  but ${timeText(workMs.median)} of work with ${concurrency} at once: at least ${timeText(slots)}`,
        ]
      : []),
    `  not in it: ${unknownTexts(nodes, items).join(', ')}`,
  ];
}

function gapText(unknown: number, of: string): string {
  if (unknown === 0) return '';
  return of === 'worker'
    ? `; no data for ${counted(unknown, of)}`
    : `; no data for ${unknown} ${of}`;
}

/** What no track record can know. */
function unknownTexts(nodes: readonly NodeSpec[], items: DryRun['items']): string[] {
  const count = (kind: NodeSpec['kind']): number =>
    nodes.filter((node) => node.kind === kind).length;
  const maps = nodes.filter(
    ({ name, kind }) => kind === 'map' && items.get(name)?.kind !== 'known',
  ).length;
  const [commands, approvals] = [count('command'), count('approval')];
  return [
    ...(maps > 0 ? [`the items of ${counted(maps, 'map')}`] : []),
    ...(commands > 0 ? [`the time of ${counted(commands, 'command')}`] : []),
    ...(approvals > 0 ? [`waiting for a person ${counted(approvals, 'time')}`] : []),
    ...(nodes.some(({ emit }) => emit !== null) ? ['nodes that are added later'] : []),
    'retries',
  ];
}

/** `$0.40 (80 %: $0.90)`: the median, and what four fifths stayed below. */
function pairText({ median, p80 }: Quantiles, textOf: (amount: number) => string): string {
  return `${textOf(median)} (80 %: ${textOf(p80)})`;
}

function moneyText(usd: number): string {
  return usd > 0 && usd < 0.01 ? `$${usd.toPrecision(1)}` : `$${usd.toFixed(2)}`;
}

function timeText(ms: number): string {
  if (ms < 59_500) return `${Math.round(ms / 1000)}s`;
  const total = Math.round(ms / 60_000);
  if (total < 60) return `${total}m`;
  return total % 60 === 0 ? `${total / 60}h` : `${Math.floor(total / 60)}h ${total % 60}m`;
}
