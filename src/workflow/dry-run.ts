import { criticalPath, layersOf } from '../core/graph.ts';
import type { NodeSpec } from '../core/node.ts';
import { findOverlaps } from './overlaps.ts';

/** What would happen, as far as it can be known before: nothing has run. */
export type DryRun = {
  nodes: readonly NodeSpec[];
  concurrency: number;
  /** Nodes of a batch wait only for earlier batches. */
  batches: string[][];
  /** Writers that would have to wait for each other though neither needs the other. */
  overlaps: [string, string][];
  /** The longest chain of needs, and the most time it can take without retries. */
  longest: { path: string[]; ms: number };
  advice: string[];
};

export function dryRun(
  nodes: readonly NodeSpec[],
  { concurrency }: { concurrency: number },
): DryRun {
  const batches = layersOf(nodes);
  const overlaps = findOverlaps(nodes, batches);
  const { path, weight } = criticalPath(nodes, (node) => node.timeoutMs);
  return {
    nodes,
    concurrency,
    batches,
    overlaps: overlaps.pairs,
    longest: { path, ms: weight },
    advice: [
      ...parallelAdvice(nodes, batches, { overlaps: overlaps.pairs, concurrency }),
      ...(overlaps.isComplete
        ? []
        : ['There are more nodes with overlapping scopes than are listed.']),
      ...emitters(nodes),
    ],
  };
}

/** Plain text, at most 100 columns. */
export function renderDryRun(run: DryRun): string {
  const { nodes, batches, overlaps, longest, concurrency } = run;
  const batchOf = new Map(
    batches.flatMap((batch, index) => batch.map((name) => [name, index + 1])),
  );
  const rows = nodes
    .toSorted((left, right) => (batchOf.get(left.name) ?? 0) - (batchOf.get(right.name) ?? 0))
    .slice(0, maxRows)
    .map((node) => rowOf(node, batchOf.get(node.name) ?? 0));
  const lines = [
    `${counted(nodes.length, 'node')} in ${counted(batches.length, 'batch')}, at most ${concurrency} at once. Longest chain: ${counted(longest.path.length, 'node')}, at most ${minutes(longest.ms)}.`,
    '',
    ...table(rows),
  ];
  if (nodes.length > maxRows) lines.push(`… and ${nodes.length - maxRows} more nodes`);
  if (overlaps.length > 0) {
    lines.push('', 'Not at the same time, because their scopes overlap:');
    lines.push(...overlaps.slice(0, maxPairs).map(([left, right]) => `  ${left}  and  ${right}`));
    if (overlaps.length > maxPairs) lines.push(`  … and ${overlaps.length - maxPairs} more pairs`);
  }
  if (run.advice.length > 0) lines.push('', ...run.advice);
  return lines.flatMap(wrap).join('\n');
}

const width = 100;
const maxRows = 200;
const maxPairs = 20;

function parallelAdvice(
  nodes: readonly NodeSpec[],
  batches: readonly (readonly string[])[],
  { overlaps, concurrency }: { overlaps: readonly [string, string][]; concurrency: number },
): string[] {
  if (nodes.some((node) => node.emit === 'nodes')) return [];
  const agents = new Set(nodes.filter((node) => node.kind === 'agent').map((node) => node.name));
  const apart = new Set(
    overlaps.flatMap(([left, right]) => [`${left} ${right}`, `${right} ${left}`]),
  );
  const isWide = batches.some((batch) => {
    const workers = batch.filter((name) => agents.has(name));
    return workers.some((left, index) =>
      workers
        .slice(index + 1, index + 1 + apart.size + 1)
        .some((right) => !apart.has(`${left} ${right}`)),
    );
  });
  if (!isWide) {
    return [
      'No two workers can ever be at work at the same time: one worker with the whole goal would do.',
    ];
  }
  return concurrency === 1
    ? ['Concurrency is 1, so the nodes run one after the other although some could run together.']
    : [];
}

function emitters(nodes: readonly NodeSpec[]): string[] {
  const names = nodes.filter((node) => node.emit === 'nodes').map((node) => node.name);
  return names.length === 0
    ? []
    : [`More nodes come while the run goes on, from: ${names.join(', ')}.`];
}

type Row = readonly [batch: string, name: string, work: string, paths: string, needs: string];

function rowOf(node: NodeSpec, batch: number): Row {
  return [
    String(batch),
    node.name,
    node.kind === 'agent' ? [node.role, node.provider].filter(Boolean).join(' by ') : node.kind,
    pathsOf(node),
    node.needs.length === 0 ? '' : `after ${node.needs.join(', ')}`,
  ];
}

function pathsOf(node: NodeSpec): string {
  if (node.kind === 'approval') return 'asks';
  if (!node.write) return node.kind === 'command' ? 'runs' : 'reads';
  return node.scope === null || node.scope === 'any'
    ? 'writes anything'
    : `writes ${node.scope.allow.join(', ')}`;
}

/** Columns as wide as their content, up to a share of the line; the last one gets what is left. */
function table(rows: readonly Row[]): string[] {
  const most = [5, 26, 22, 28] as const;
  const widths = most.map((limit, column) =>
    Math.min(limit, Math.max(...rows.map((row) => row[column]?.length ?? 0), 0)),
  );
  return rows
    .map((row) =>
      row
        .map((text, column) => {
          const room = widths[column];
          return room === undefined ? text : cut(text, room).padEnd(room);
        })
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `  ${cut(line, width - 2)}`);
}

function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}…`;
}

/** Sentences break between words; rows of the table already fit. */
function wrap(line: string): string[] {
  if (line.length <= width) return [line];
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const blank = rest.lastIndexOf(' ', width);
    const at = blank > 0 ? blank : width;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return [...lines, rest];
}

function counted(amount: number, word: string): string {
  if (amount === 1) return `1 ${word}`;
  return `${amount} ${word}${word.endsWith('ch') ? 'es' : 's'}`;
}

function minutes(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)}s`;
  const total = Math.round(ms / 60_000);
  if (total < 60) return `${total}m`;
  return total % 60 === 0 ? `${total / 60}h` : `${Math.floor(total / 60)}h ${total % 60}m`;
}
