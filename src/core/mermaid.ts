import { groupBy } from './group-by.ts';
import { layersOf } from './graph.ts';
import type { NodeSpec } from './node.ts';

export type MermaidNode = Pick<NodeSpec, 'name' | 'kind' | 'needs' | 'onFail' | 'itemOf'> & {
  /** Below the name; empty: nothing. */
  note: string;
  emittedBy: string | null;
};

/**
 * A Mermaid `flowchart`. Agents are boxes, commands double boxes, gates rhombs, maps parallelograms, their items rounded, approvals
 * pills; what sends work back is a dotted edge, what adds nodes a thick one. Mermaid draws at most 500 edges, so many items of
 * a map are one node, and what is still too large are its batches.
 */
export function mermaidOf(nodes: readonly MermaidNode[]): string {
  const { shown, nameOf } = foldItems(nodes);
  const edges = edgesOf(shown, nameOf);
  if (shown.length > mostNodes || edges.length > mostEdges) return batchesOf(nodes);
  const ids = new Map(shown.map((node, index) => [node.name, `n${index + 1}`]));
  const lines = [
    'flowchart TD',
    ...shown.map((node) => `  ${ids.get(node.name)}${shapeOf(node)}`),
    ...edges.flatMap(({ from, to, arrow }) =>
      ids.has(from) && ids.has(to) ? [`  ${ids.get(from)} ${arrow} ${ids.get(to)}`] : [],
    ),
  ];
  return lines.join('\n');
}

const mostNodes = 150;
const mostEdges = 450;
const mostItems = 8;
const mostBatches = 60;

/** `nameOf`: under which name a node is shown. */
function foldItems(nodes: readonly MermaidNode[]): {
  shown: MermaidNode[];
  nameOf: (name: string) => string;
} {
  const items = groupBy(
    nodes.filter((node) => node.itemOf !== null),
    (node) => node.itemOf,
  );
  const folded = new Map<string, string>();
  const shown = nodes.flatMap((node) => {
    const all = node.itemOf === null ? [] : (items.get(node.itemOf) ?? []);
    if (all.length <= mostItems) return [node];
    // A blank is in no node's name.
    const name = `${node.itemOf} items`;
    folded.set(node.name, name);
    return all[0] === node ? [{ ...node, name, note: notesOf(all) }] : [];
  });
  return { shown, nameOf: (name) => folded.get(name) ?? name };
}

function notesOf(items: readonly MermaidNode[]): string {
  const counts = groupBy(items, ({ note }) => note);
  const texts = [...counts].map(([note, all]) => `${all.length}${note === '' ? '' : ` ${note}`}`);
  return texts.length <= 4 ? texts.join(', ') : `${items.length}`;
}

type Edge = { from: string; to: string; arrow: string };

function edgesOf(shown: readonly MermaidNode[], nameOf: (name: string) => string): Edge[] {
  return shown.flatMap(({ name, needs, onFail, emittedBy }) => [
    ...[...new Set(needs.map(nameOf))].map((from) => ({ from, to: name, arrow: '-->' })),
    ...(emittedBy === null ? [] : [{ from: nameOf(emittedBy), to: name, arrow: '==>' }]),
    ...(onFail === null
      ? []
      : [
          {
            from: name,
            to: nameOf(onFail.retry),
            arrow: `-.->|"retry, at most ${onFail.maxRetries}"|`,
          },
        ]),
  ]);
}

function shapeOf({ name, note, kind, itemOf }: MermaidNode): string {
  const label = `"${escaped(name)}${note === '' ? '' : `<br/>${escaped(note)}`}"`;
  if (itemOf !== null) return `(${label})`;
  switch (kind) {
    case 'agent':
      return `[${label}]`;
    case 'command':
      return `[[${label}]]`;
    case 'gate':
      return `{${label}}`;
    case 'map':
      return `[/${label}/]`;
    case 'approval':
      return `([${label}])`;
  }
}

/** Character codes stand for what means something to Mermaid or to the HTML it makes. */
function escaped(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, 120)
    .replaceAll(/["#&<>`\\;[\]{}|]/g, (sign) => `#${sign.codePointAt(0)};`);
}

function batchesOf(nodes: readonly MermaidNode[]): string {
  const layers = layersOf(nodes);
  const lines = layers
    .slice(0, mostBatches)
    .map((names, index) => `  b${index + 1}["batch ${index + 1}<br/>${names.length} nodes"]`);
  if (layers.length > mostBatches) {
    const left = layers.slice(mostBatches);
    lines.push(
      `  b${mostBatches + 1}["${left.length} more batches<br/>${left.flat().length} nodes"]`,
    );
  }
  const chain = lines.slice(1).map((_, index) => `  b${index + 1} --> b${index + 2}`);
  return ['flowchart TD', ...lines, ...chain].join('\n');
}
