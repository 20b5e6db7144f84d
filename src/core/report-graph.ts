import { drawGraph, type DrawnNode } from './drawing.ts';
import { layersOf } from './graph.ts';
import { mermaidOf } from './mermaid.ts';
import type { RunNode } from './run.ts';

/** The graph of a run as it came to be: `mermaid` with the state of every node, `list` as plain lines. */
export function reportGraph(nodes: readonly RunNode[]): { mermaid: string; list: string[] } {
  return {
    mermaid: mermaidOf(
      nodes.map((node) => ({ ...node.spec, emittedBy: node.emittedBy, note: noteOf(node) })),
    ),
    list: drawGraph(nodes.length > mostFollowed ? nodes.map(drawn) : followed(nodes)),
  };
}

const mostFollowed = 60;

function noteOf(node: RunNode): string {
  const { stale } = node;
  return `${node.state.status}${stale === 0 ? '' : `, ${stale} stale`}`;
}

function drawn({ spec, emittedBy }: RunNode): DrawnNode {
  return emittedBy === null ? spec : { ...spec, needs: [...spec.needs, emittedBy] };
}

/** Whoever needs a node that added others waited for these too. */
function followed(nodes: readonly RunNode[]): DrawnNode[] {
  const byName = new Map(nodes.map((node) => [node.spec.name, node]));
  const addedBy = (name: string): string[] =>
    (byName.get(name)?.emitted ?? []).flatMap((added) => [added, ...addedBy(added)]);
  const all = nodes.map((node) => {
    const own = drawn(node);
    const more = node.spec.needs.flatMap((need) => {
      const added = addedBy(need);
      return added.includes(node.spec.name) ? [] : added;
    });
    return { ...own, needs: [...new Set([...own.needs, ...more])] };
  });
  // A graph is drawn whole or without this.
  return layersOf(all).flat().length === nodes.length ? all : nodes.map(drawn);
}
