import type { NodeSpec } from '../core/node.ts';
import type { DryRun } from './dry-run.ts';
import { cutsOf, estimateLines, whoLines } from './dry-run-text.ts';
import { namesOfItems, waitingItems } from './items-now.ts';
import { waitingText } from './items-text.ts';
import { namesItem } from './template.ts';
import { counted, cut, oneLine, section, mostColumns, wrap } from './text-lines.ts';

/** The dry run of one map alone: its items, who would do them, and what that would take. Plain text, at most 80 columns. */
export function renderItems(run: DryRun, map: NodeSpec, nodes: readonly NodeSpec[]): string {
  if (map.map === null) return '';
  const { batch, concurrency, item } = map.map;
  const names = namesOfItems(nodes);
  const isInRow = waitingItems(nodes).kind === 'all';
  const together = isInRow ? 1 : Math.min(concurrency, run.concurrency, nodes.length);
  const gates = item.gates.flatMap((gate) => (gate.gate === 'command' ? [gate.command] : []));
  const head = [
    `${counted(names.length, 'item')}${cutsOf(map.map)}`,
    ...(batch === 1 ? [] : [`${counted(nodes.length, 'worker')} with up to ${batch} each`]),
    together === 1 ? 'one at a time' : `at most ${together} at once`,
  ];
  return [
    `${head.join(', ')}. ${mayDo(map.map)}`,
    '',
    ...ends(names.map((name) => `  ${cut(oneLine(name), mostColumns - 2)}`)),
    ...section('', isInRow ? [inRowText(map.map)] : sentenceOf(waitingText(nodes))),
    ...section(
      'Each result must pass:',
      gates.map((gate) => `  ${oneLine(gate)}`),
    ),
    ...whoLines(run),
    ...section('', estimateLines(run)),
  ]
    .flatMap((line) => wrap(line))
    .join('\n');
}

const mostFirst = 10;
const mostLast = 3;

/** The first and the last, where there are many. */
function ends(lines: readonly string[]): string[] {
  const left = lines.length - mostFirst - mostLast;
  if (left <= 1) return [...lines];
  return [...lines.slice(0, mostFirst), `  … ${left} more`, ...lines.slice(-mostLast)];
}

function mayDo({ as, batch, item }: NonNullable<NodeSpec['map']>): string {
  const who = batch === 1 ? 'Each' : 'Each worker';
  const { write, scope } = item;
  if (!write) return `${who} only reads.`;
  if (scope === null || scope === 'any') return `${who} may change anything.`;
  const paths = scope.allow.map((path) => path.replaceAll(`\${${as}`, '{item'));
  if (paths.join() === '{item}')
    return `${who} may change its own ${batch === 1 ? 'file' : 'files'}.`;
  return `${who} may change ${paths.join(', ')}.`;
}

function inRowText({ as, item: { scope } }: NonNullable<NodeSpec['map']>): string {
  const why = 'One at a time, because all may change the same files.';
  const isNamed =
    scope !== null && scope !== 'any' && scope.allow.some((path) => namesItem(path, as));
  return isNamed ? why : `${why} A scope with {item} in it would let them work at once.`;
}

function sentenceOf(text: string | null): string[] {
  return text === null ? [] : [`${text.charAt(0).toUpperCase()}${text.slice(1)}.`];
}
