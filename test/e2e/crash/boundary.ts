import type { RunEvent } from '../../../src/core/event.ts';

/** Where an owner dies: right before or right after it writes down an event, which is named as `nameEvents` does it. */
export type Boundary = { when: 'before' | 'after'; event: string };

/** `node.landed one 1`: the first time that node landed. The same in every run of a workflow, whatever came to pass at the same time. */
export function nameEvents(): (event: RunEvent) => string {
  const counts = new Map<string, number>();
  return (event) => {
    const what = `${event.type} ${subjectOf(event)}`;
    const count = (counts.get(what) ?? 0) + 1;
    counts.set(what, count);
    return `${what} ${count}`;
  };
}

export function textOf({ when, event }: Boundary): string {
  return `${when} ${event}`;
}

export function boundaryOf(text: string): Boundary {
  const [when, ...event] = text.split(' ');
  if (when !== 'before' && when !== 'after') throw new Error(`no boundary: ${text}`);
  return { when, event: event.join(' ') };
}

function subjectOf(event: RunEvent): string {
  if ('node' in event && event.node !== null) return event.node;
  if ('by' in event) return event.by;
  if ('request' in event) return event.request.id;
  return 'id' in event ? event.id : 'run';
}
