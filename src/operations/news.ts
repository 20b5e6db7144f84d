import { shownCounts, shownState } from '../core/shown-map.ts';
import type { NodeView, RunView } from '../core/view.ts';
import type { Store } from '../store/store.ts';
import { keyOf } from '../core/routing.ts';
import { duration, oneLine, spending } from './amounts.ts';
import { writeCursor, type Cursor } from './cursor.ts';
import { landedText } from './landed-text.ts';
import { isOver } from '../core/view.ts';
import { mapCountOf, mapText } from './map-text.ts';
import { routeText } from './picture.ts';
import type { PollOutput } from './poll.ts';

export type PollDetail = 'summary' | 'nodes' | 'events';

type Asked = {
  since: Cursor | null;
  detail: PollDetail;
  now: number;
  warning: string | null;
  /** The workflow file, where it is another one than the run goes by. */
  sourceChanged: string | null;
};
type Live = ReturnType<Store['liveSummaries']>[number];

/** Sixteen workers fit into 400 tokens; what is beyond that is counted in `more`. */
const mostLines = 16;
const summaryBytes = 1_900;

/** Nodes that nothing has happened to since `run.created` are waiting, and the counts say that. */
const createdSeq = 1;
const mostNodes = 500;
const mostLive = 64;
const detailBytes = 7_500;

/** The answer of one poll, cut to its size: the most important first, the rest as a number. */
export function newsOfRun(store: Store, runId: string, asked: Asked): PollOutput {
  const view = store.view(runId);
  const cursor = {
    seq: store.lastSeq(runId),
    version: store.summaryVersion(runId),
    flags: flagsRaised(store, runId),
  };
  const { since } = asked;
  if (since !== null && since.seq === cursor.seq && since.version === cursor.version) {
    return {
      run_id: runId,
      state: view.state,
      changed: false,
      cursor: writeCursor(cursor),
      ...(asked.warning === null ? {} : { warning: asked.warning }),
    };
  }
  const base: PollOutput = {
    run_id: runId,
    state: view.state,
    changed: true,
    cursor: writeCursor(cursor),
    counts: shownCounts(view),
    ...(view.progress.length === 0 ? {} : { progress: view.progress.slice(0, mostLists) }),
    ...facts(runId, view, asked.warning),
    ...(isOver(view.state) ? {} : closedLanes(store, asked.now)),
    ...(asked.sourceChanged === null ? {} : { source_changed: asked.sourceChanged }),
    ...nextStep(runId, view),
  };
  switch (asked.detail) {
    case 'summary':
      return fitted(
        { ...base, ...mapsOf(store, runId, view) },
        'lines',
        linesOf(store, runId, view, asked),
        summaryBytes,
      );
    case 'nodes':
      return fitted(base, 'nodes', nodesOf(store, runId, view, asked), detailBytes);
    case 'events':
      return eventsOf(store, runId, base, asked);
  }
}

function facts(runId: string, view: RunView, warning: string | null): Partial<PollOutput> {
  const needs = needsOf(runId, view);
  const spend = spending(view.spend);
  return {
    ...(needs.length === 0 ? {} : { needs }),
    ...(spend === '' ? {} : { spend }),
    ...(view.reason === null ? {} : { reason: oneLine(view.reason, 300) }),
    ...(view.landed === null ? {} : { landed: landedText(view.landed) }),
    ...(warning === null ? {} : { warning }),
  };
}

const mostLanes = 4;

function closedLanes(store: Store, now: number): Pick<PollOutput, 'lanes'> {
  const closed = store.lanes().filter(({ closedUntil }) => closedUntil > now);
  if (closed.length === 0) return {};
  return {
    lanes: closed.slice(0, mostLanes).map((lane) => {
      const until = new Date(lane.closedUntil).toISOString();
      return `${keyOf(lane)} closed until ${until}: ${oneLine(lane.reason, 80)}`;
    }),
  };
}

function needsOf(runId: string, view: RunView): NonNullable<PollOutput['needs']> {
  const asked = view.requests.map(({ id, kind, question, choices }) => ({
    id,
    kind,
    question: oneLine(question, 300),
    choices,
  }));
  if (view.held.length === 0) return asked;
  const question = `${heldText(view.held)} Raise it: ${raiseCommand(runId)}`;
  return [...asked, { id: 'budget', kind: 'budget', question, choices: [] }];
}

/** `The budget holds up b, c.` */
export function heldText(held: readonly string[]): string {
  const names = held.slice(0, 6).join(', ');
  const more = held.length > 6 ? ` and ${held.length - 6} more` : '';
  return `The budget holds up ${names}${more}.`;
}

export function raiseCommand(runId: string): string {
  return `mo resume ${runId} --budget-usd <number> (or --budget-tokens <number>)`;
}

/** How many attention flags the workers at work have raised. */
export function flagsRaised(store: Store, runId: string): number {
  return attention(store, runId).length;
}

export function attention(store: Store, runId: string): { node: string; flag: string }[] {
  return store
    .liveSummaries(runId, mostLive)
    .flatMap(({ node, summary }) => summary.flags.map((flag) => ({ node, flag })));
}

function nextStep(runId: string, view: RunView): { next?: string } {
  if (view.state === 'needs') {
    return {
      next: `A person decides; then send {run_id: "${runId}", answer: {decision}}, or in a terminal: mo resume ${runId} --answer <choice>`,
    };
  }
  if (view.state === 'paused' || view.state === 'needs_rerun')
    return { next: `workflow_control {run_id: "${runId}", action: "resume"}` };
  if (!isOver(view.state)) return {};
  if (view.state === 'exhausted') {
    return {
      next: `A person raises the budget: ${raiseCommand(runId)}; without a number when a quota or the day's money had ended it.`,
    };
  }
  return { next: `output {run_id: "${runId}", part: "report"}` };
}

const mostMaps = 5;
const mostLists = 5;

/** Items are counted, not listed. */
function mapsOf(store: Store, runId: string, { maps }: RunView): Pick<PollOutput, 'maps'> {
  if (maps.length === 0) return {};
  return {
    maps: maps
      .slice(0, mostMaps)
      .map((map) => `${map.map} ${mapText(mapCountOf(store, runId, map))}`),
  };
}

function linesOf(store: Store, runId: string, view: RunView, asked: Asked): string[] {
  const { nodes, live } = changed(store, runId, asked.since, 'without items');
  const chars = Math.min(90, Math.max(24, Math.floor(500 / Math.max(1, nodes.length))));
  return nodes.map((node) => {
    const worker = live.get(node.name);
    const parts = [
      node.name,
      node.isStarting ? 'starting' : shownState(view.maps, node),
      ...(node.attempt > 1 ? [`attempt ${node.attempt}`] : []),
      ...(node.state === 'running' && node.startedAt !== null
        ? [duration(asked.now - node.startedAt)]
        : []),
      ...(worker?.summary.flags ?? []).map((flag) => `[${flag}]`),
    ];
    const text = node.state === 'running' ? worker?.summary.lastAction : node.message;
    return `${parts.join(' ')}${text ? `: ${oneLine(text, chars)}` : ''}`;
  });
}

function nodesOf(
  store: Store,
  runId: string,
  view: RunView,
  asked: Asked,
): NonNullable<PollOutput['nodes']> {
  const { nodes, live } = changed(store, runId, asked.since);
  return nodes.map((node) => {
    const summary = live.get(node.name)?.summary;
    const route = routeText(node.route, summary?.model ?? node.model);
    return {
      node: node.name,
      ...(node.item === null ? {} : { item: oneLine(node.item, 60) }),
      status: shownState(view.maps, node),
      ...(node.attempt > 0 ? { attempt: node.attempt } : {}),
      ...(route === null ? {} : { route }),
      ...(summary?.lastAction ? { action: oneLine(summary.lastAction, 120) } : {}),
      ...(node.message === null ? {} : { message: oneLine(node.message, 200) }),
      ...(summary === undefined || summary.flags.length === 0 ? {} : { flags: summary.flags }),
    };
  });
}

/** Nodes that changed since the cursor, and the workers that did something since, in the order a controller cares. */
function changed(
  store: Store,
  runId: string,
  since: Cursor | null,
  which: 'all' | 'without items' = 'all',
): { nodes: NodeView[]; live: Map<string, Live> } {
  const summaries = store.liveSummaries(runId, mostLive);
  const live = new Map(summaries.map((one) => [one.node, one]));
  const read = which === 'all' ? store.nodesSince : store.othersSince;
  const nodes = new Map(
    read(runId, since?.seq ?? createdSeq, mostNodes).map((node) => [node.name, node]),
  );
  for (const { node, version } of summaries) {
    if (nodes.has(node) || version <= (since?.version ?? 0)) continue;
    const view = store.node(runId, node);
    if (view !== null && (which === 'all' || view.itemOf === null)) nodes.set(node, view);
  }
  const told = [...nodes.values()].filter(({ state }) => state !== 'waiting');
  return { nodes: told.toSorted((left, right) => rank(left) - rank(right)), live };
}

const order = ['failed', 'blocked', 'running', 'gating', 'stopped', 'verified', 'skipped'];

function rank(node: NodeView): number {
  const at = order.indexOf(node.state);
  return at === -1 ? order.length : at;
}

function eventsOf(store: Store, runId: string, base: PollOutput, asked: Asked): PollOutput {
  const events: string[] = [];
  let seq = asked.since?.seq ?? 0;
  let bytes = Buffer.byteLength(JSON.stringify(base));
  for (const one of store.readEvents(runId, seq, 200)) {
    const node = 'node' in one.event && one.event.node !== null ? ` ${one.event.node}` : '';
    const line = `${one.seq} ${one.event.type}${node}`;
    bytes += Buffer.byteLength(line) + 4;
    if (bytes > detailBytes) break;
    events.push(line);
    seq = one.seq;
  }
  // The cursor stops at the last event that was told, so that the next call goes on behind it.
  const left = store.lastSeq(runId) - seq;
  return {
    ...base,
    cursor: writeCursor({
      seq,
      version: store.summaryVersion(runId),
      flags: flagsRaised(store, runId),
    }),
    events,
    ...(left > 0 ? { more: left } : {}),
  };
}

function fitted<K extends 'lines' | 'nodes'>(
  base: PollOutput,
  key: K,
  items: readonly NonNullable<PollOutput[K]>[number][],
  limit: number,
): PollOutput {
  const most = key === 'lines' ? mostLines : items.length;
  let bytes = Buffer.byteLength(JSON.stringify(base)) + 24;
  const kept = items.slice(0, most).filter((item) => {
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1;
    return bytes <= limit;
  });
  const more = items.length - kept.length;
  return { ...base, [key]: kept, ...(more === 0 ? {} : { more }) };
}
