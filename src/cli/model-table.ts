import type { ModelLine, ModelList } from '../operations/list-models.ts';
import { cellsOf, cutTo, fitTo } from './cells.ts';

/** A line for each worker, 80 cells wide or less where they fit; with one role, below it why. */
export function modelTable(list: ModelList, width: number): string {
  const isOne = list.roles.length === 1;
  const workerCells = columnOf(list.models, 'worker', ({ worker }) => worker, 24);
  const modelCells = columnOf(list.models, 'model', modelText, 20);
  const row = (cells: readonly string[]): string => cutTo(cells.join(' ').trimEnd(), width);
  const head = row([
    fitTo('worker', workerCells + 1),
    fitTo('model', modelCells + 1),
    ...list.roles.map((role) => fitTo(shortNames[role] ?? role, scoreCells(role))),
    fitTo('$/M', priceCells),
    fitTo('record', recordCells),
    'lane',
  ]);
  const lines = list.models.flatMap((one) => [
    row([
      `${fitTo(one.worker, workerCells)} `,
      `${fitTo(modelText(one), modelCells)} `,
      ...list.roles.map((role) => fitTo(scoreText(one, role), scoreCells(role))),
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

function scoreCells(role: string): number {
  return Math.max(4, (shortNames[role] ?? role).length);
}

function columnOf(
  lines: readonly ModelLine[],
  head: string,
  text: (line: ModelLine) => string,
  most: number,
): number {
  return Math.min(most, Math.max(head.length, ...lines.map((line) => text(line).length)));
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
  return (why.length === 0 ? ['nothing is known of it'] : why).map((one) =>
    cutTo(`    ${one}`, width),
  );
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
    ...(isOne ? [] : ['Why: mo models --role review']),
  ];
}

/** Broken between words; a word that is longer than a line stands alone. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || cellsOf(last) + 1 + cellsOf(word) > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
