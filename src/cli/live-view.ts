import { styleText } from 'node:util';
import type { NodeStatus } from '../core/run.ts';
import { progressText } from '../core/progress.ts';
import { groupBy } from '../core/group-by.ts';
import { duration, oneLine, spending } from '../operations/amounts.ts';
import { doneOf, mapText, totalOf, type MapCount } from '../operations/map-text.ts';
import { heldText } from '../operations/news.ts';
import {
  sourceChangedText,
  stateText,
  type Picture,
  type PictureNode,
} from '../operations/picture.ts';
import { cellsOf, cutTo, fitTo } from './cells.ts';

export type ViewSize = { width: number; height: number; color: boolean };

type Color = 'green' | 'red' | 'cyan' | 'yellow' | 'gray' | 'magenta';

const marks: Readonly<Record<NodeStatus, { mark: string; color: Color; rank: number }>> = {
  failed: { mark: '✗', color: 'red', rank: 1 },
  running: { mark: '●', color: 'cyan', rank: 2 },
  gating: { mark: '◆', color: 'yellow', rank: 3 },
  blocked: { mark: '–', color: 'red', rank: 4 },
  waiting: { mark: '○', color: 'gray', rank: 5 },
  stopped: { mark: '■', color: 'yellow', rank: 6 },
  verified: { mark: '✓', color: 'green', rank: 7 },
  skipped: { mark: '–', color: 'gray', rank: 8 },
};

/** Most nodes that are listed one by one; of the others only their number is said. */
const mostRows = 30;

const narrowCells = 60;

/** The picture as lines, none wider than the terminal and together not higher. */
export function renderView(picture: Picture, now: number, size: ViewSize): string[] {
  const paint = painter(size.color);
  const room = Math.max(1, Math.min(mostRows, size.height - 6 - picture.requests.length * 2));
  const maps = new Map(picture.maps.map((one) => [one.map, one]));
  const { shown, hidden } = chooseNodes(picture.nodes, room);
  const nameCells = widest(
    shown.map((node) => node.name),
    Math.floor(size.width * 0.3),
  );
  // In a narrow terminal the time says more than who it is.
  const routeCells =
    size.width < narrowCells
      ? 0
      : widest(
          shown.map((node) => node.route ?? ''),
          Math.floor(size.width * 0.2),
        );
  return [
    header(picture, now, size, paint),
    ...shown.map((node) =>
      nodeLine(node, now, { nameCells, routeCells, width: size.width, maps }, paint),
    ),
    ...(hidden.length === 0 ? [] : [cutTo(`  … ${statusCounts(hidden)}`, size.width)]),
    ...picture.requests.map((request) =>
      paint(
        'magenta',
        cutTo(`  ? ${oneLine(request.question, 400)} (${request.choices.join(' | ')})`, size.width),
      ),
    ),
    ...(picture.held.length === 0
      ? []
      : [paint('magenta', cutTo(`  ! ${heldText(picture.held)}`, size.width))]),
    ...(picture.sourceChanged === null
      ? []
      : [paint('yellow', cutTo(`  ! ${sourceChangedText(picture.sourceChanged)}`, size.width))]),
    cutTo(`  ${footer(picture)}`, size.width),
  ];
}

/** `tasks 1 of 4 done · 3 of 8 nodes done · 2 at work · $0.42 · 120k tokens` */
export function footer(picture: Picture): string {
  const { counts, total } = picture;
  const done = (counts.verified ?? 0) + (counts.skipped ?? 0);
  const busy = (counts.running ?? 0) + (counts.gating ?? 0);
  const lists = picture.progress.map(progressText);
  return [
    ...lists,
    `${done} of ${total}${lists.length === 0 ? '' : ' nodes'} done`,
    ...(busy === 0 ? [] : [`${busy} at work`]),
    ...[spending(picture.spend)].filter((text) => text !== ''),
  ].join(' · ');
}

/** `12 verified, 3 waiting`, in the order people care. */
export function statusCounts(nodes: readonly { status: NodeStatus }[]): string {
  const groups = groupBy(nodes, ({ status }) => status);
  return countsText([...groups].map(([status, some]) => [status, some.length]));
}

export function countsText(counts: readonly (readonly [NodeStatus, number])[]): string {
  return counts
    .toSorted(([left], [right]) => marks[left].rank - marks[right].rank)
    .map(([status, number]) => `${number} ${status}`)
    .join(', ');
}

export function isDone(node: { status: NodeStatus }): boolean {
  return node.status === 'verified' || node.status === 'skipped';
}

type Paint = (color: Color, text: string) => string;

function painter(color: boolean): Paint {
  return (name, text) => (color ? styleText(name, text, { validateStream: false }) : text);
}

function header(picture: Picture, now: number, size: ViewSize, paint: Paint): string {
  const elapsed = duration((picture.endedAt ?? now) - picture.startedAt);
  const right = `${stateText(picture.state)} · ${elapsed}`;
  const left = `${picture.runId}  ${oneLine(picture.goal, 400)}`;
  const leftCells = size.width - cellsOf(right) - 2;
  if (leftCells < 12) return cutTo(`${picture.runId} ${right}`, size.width);
  return `${fitTo(left, leftCells)}  ${paint(stateColor(picture), right)}`;
}

function stateColor(picture: Picture): Color {
  switch (picture.state) {
    case 'running':
      return 'cyan';
    case 'succeeded':
      return 'green';
    case 'needs':
      return 'magenta';
    case 'paused':
    case 'needs_rerun':
    case 'stopping':
    case 'stopped':
      return 'yellow';
    case 'failed':
    case 'exhausted':
      return 'red';
  }
}

/** All that fit in their own order; else the ones that matter most now, still in their own order. */
function chooseNodes(
  nodes: readonly PictureNode[],
  room: number,
): { shown: readonly PictureNode[]; hidden: readonly PictureNode[] } {
  if (nodes.length <= room) return { shown: nodes, hidden: [] };
  const byRank = nodes.toSorted(
    (left, right) => marks[left.status].rank - marks[right.status].rank,
  );
  const chosen = new Set(byRank.slice(0, Math.max(0, room - 1)));
  return {
    shown: nodes.filter((node) => chosen.has(node)),
    hidden: nodes.filter((node) => !chosen.has(node)),
  };
}

function nodeLine(
  node: PictureNode,
  now: number,
  cells: { nameCells: number; routeCells: number; width: number; maps: Maps },
  paint: Paint,
): string {
  const items = cells.maps.get(node.name);
  const { mark, color } = marks[items === undefined ? node.status : statusOfMap(items)];
  const again = node.attempt > 1 ? ` (attempt ${node.attempt})` : '';
  const time = node.startedAt === null ? '' : duration((node.endedAt ?? now) - node.startedAt);
  const columns = [
    fitTo(node.name, cells.nameCells),
    ...(cells.routeCells === 0 ? [] : [fitTo(node.route ?? '', cells.routeCells)]),
    fitTo(items === undefined ? node.status : statusOfMap(items), 8),
    time.padStart(7),
    items === undefined ? detailOf(node) + again : `${barOf(items)} ${mapText(items)}`,
  ];
  return `  ${paint(color, mark)} ${cutTo(columns.join('  '), cells.width - 4).trimEnd()}`;
}

/** A map is one line, however many items it has. */
type Maps = ReadonlyMap<string, MapCount>;

function statusOfMap({ counts }: MapCount): NodeStatus {
  const first = [...counts.keys()].toSorted((left, right) => marks[left].rank - marks[right].rank);
  const busy = first.find((status) => status === 'running' || status === 'gating');
  return busy ?? first[0] ?? 'verified';
}

const barCells = 10;

function barOf({ counts }: MapCount): string {
  const full = Math.floor((doneOf(counts) / totalOf(counts)) * barCells);
  return `${'█'.repeat(full)}${'░'.repeat(barCells - full)}`;
}

function detailOf(node: PictureNode): string {
  const flags = node.flags.map((flag) => `[${flag}] `).join('');
  if (node.status === 'running') return flags + oneLine(node.action ?? '', 200);
  if (node.status === 'skipped') return '';
  return flags + oneLine(node.message ?? '', 200);
}

function widest(texts: readonly string[], most: number): number {
  return Math.min(most, Math.max(0, ...texts.map(cellsOf)));
}
