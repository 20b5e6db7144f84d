import type { ModelLine, ModelList } from '../operations/list-models.ts';
import { cutTo, fitTo, wrapped } from './cells.ts';

/** A line for each worker, whose name is to be typed and is never cut; with one role, below it why. */
export function modelTable(list: ModelList, width: number): string {
  const isOne = list.roles.length === 1;
  const workerCells = columnOf(list.models, 'worker', ({ worker }) => worker);
  const modelCells = columnOf(list.models, 'model', modelText);
  const row = (worker: string, cells: readonly string[]): string =>
    `${fitTo(worker, workerCells)}  ${cutTo(cells.join(' ').trimEnd(), Math.max(0, width - workerCells - 2))}`;
  const head = row('worker', [
    fitTo('model', modelCells + 1),
    ...list.roles.map((role) => fitTo(shortRole(role), roleCells(role))),
    fitTo('$/M', priceCells),
    fitTo('record', recordCells),
    'lane',
  ]);
  const lines = list.models.flatMap((one) => [
    row(one.worker, [
      `${fitTo(modelText(one), modelCells)} `,
      ...list.roles.map((role) => fitTo(scoreText(one, role), roleCells(role))),
      fitTo(priceText(one), priceCells),
      fitTo(recordText(one), recordCells),
      laneText(one),
    ]),
    ...(isOne ? whyLines(one, width) : []),
  ]);
  return [
    head,
    ...lines,
    '',
    ...footer(list, isOne).flatMap((one) => wrapped(one, Math.min(80, width))),
  ].join('\n');
}

const shortNames: Readonly<Record<string, string>> = {
  architecture: 'plan',
  implementation: 'impl',
  review: 'rev',
  documentation: 'bulk',
};

const priceCells = 8;
const recordCells = 6;

export function shortRole(role: string): string {
  return shortNames[role] ?? role;
}

export function roleCells(role: string): number {
  return Math.max(4, shortRole(role).length);
}

function columnOf(
  lines: readonly ModelLine[],
  head: string,
  text: (line: ModelLine) => string,
): number {
  return Math.max(head.length, ...lines.map((line) => text(line).length));
}

function modelText({ model }: ModelLine): string {
  return model ?? 'its default';
}

function scoreText({ scores }: ModelLine, role: string): string {
  const found = scores.find((one) => one.role === role);
  if (found === undefined) return '';
  return `${found.score}${found.preferred ? '*' : ''}`;
}

function priceText({ price }: ModelLine): string {
  return price === null ? '–' : `${price.input}/${price.output}`;
}

function recordText({ record }: ModelLine): string {
  return record.tried === 0 ? '–' : `${record.verified}/${record.tried}`;
}

function laneText({ lane }: ModelLine): string {
  if (lane === 'not on the PATH') return 'missing';
  return lane
    .replace(/^closed until \d+-\d+-\d+T(\d+:\d+).*$/, 'until $1 UTC')
    .replace(/^\w+ is not signed in$/, 'not signed in');
}

function whyLines(
  { scores, record, from, context_window: tokens }: ModelLine,
  width: number,
): string[] {
  const why = [
    ...(scores[0]?.why ?? []),
    ...(record.median_s === null ? [] : [`${record.median_s} s in the middle`]),
    ...(record.median_usd === null ? [] : [`$${record.median_usd.toFixed(2)}`]),
    ...(tokens === null ? [] : [`${tokens / 1000}k tokens of context`]),
    ...(from === null ? [] : ['from CC-Switch: only used where it is named']),
  ];
  return why.flatMap((one) => wrapped(one, Math.max(20, width - 6))).map((line) => `      ${line}`);
}

function footer({ models, left, notes, data }: ModelList, isOne: boolean): string[] {
  const isPreferred = models.some(({ scores }) => scores.some(({ preferred }) => preferred));
  const isFound = models.some(({ from }) => from !== null);
  return [
    `Facts about models of ${data}. record: attempts verified/tried here.`,
    ...(isPreferred ? ['* preferred by mo.yaml, which goes before any score.'] : []),
    ...(isFound && !isOne
      ? ['Profiles named cc-… are from CC-Switch: only used where they are named.']
      : []),
    ...left.map(({ provider, title, why }) => `Left out: ${title} (${provider}): ${why}.`),
    ...notes,
    ...(isOne ? [] : ['Why: mo models --role review. Every model mo knows: mo models --all']),
  ];
}
