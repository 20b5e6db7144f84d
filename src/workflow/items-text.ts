import type { NodeSpec } from '../core/node.ts';
import { namesOfItems, waitingItems, type ItemsNow } from './items-now.ts';
import { counted, cut, oneLine, mostColumns } from './text-lines.ts';

/** What is known of the items of a map, as lines. */
export function itemLines(items: ItemsNow): string[] {
  switch (items.kind) {
    case 'known': {
      const names = namesOfItems(items.nodes);
      const head = `${counted(names.length, 'item')} now`;
      const waiting = waitingText(items.nodes);
      return [
        names.length === 0 ? head : `${head}: ${fewItems(names, mostColumns - 9 - head.length)}`,
        ...(waiting === null ? [] : [waiting]),
      ];
    }
    case 'later':
      return [
        items.after.length === 0
          ? 'its items are known when the run has started'
          : `its items are known when ${items.after.join(' and ')} ${items.after.length === 1 ? 'is' : 'are'} done`,
      ];
    case 'wrong':
      return [`its items cannot be read now: ${items.error}`];
  }
}

/** null: all of them may be at work at once. */
export function waitingText(nodes: readonly NodeSpec[]): string | null {
  const waiting = waitingItems(nodes);
  switch (waiting.kind) {
    case 'none':
      return null;
    case 'all':
      return 'one after another: all may change the same files';
    case 'some': {
      const names = new Map(nodes.map((node) => [node.name, fewItems(node.items ?? [], 30)]));
      const [[left, right] = ['', '']] = waiting.pairs;
      return `not all at once: ${names.get(left) ?? left} and ${names.get(right) ?? right} may change the same files${waiting.pairs.length > 1 ? ', and others' : ''}`;
    }
  }
}

/** As many of the first as there is room for. */
function fewItems(names: readonly string[], room: number): string {
  let text = '';
  for (const [place, name] of names.entries()) {
    const next = `${text}${place === 0 ? '' : ', '}${oneLine(name)}`;
    if (next.length > room - 3) return place === 0 ? cut(next, room) : `${text}, …`;
    text = next;
  }
  return text;
}
