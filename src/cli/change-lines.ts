import { progressText } from '../core/progress.ts';
import { duration, oneLine, spending } from '../operations/amounts.ts';
import { doneOf, mapText, totalOf, type MapCount } from '../operations/map-text.ts';
import {
  sourceChangedText,
  stateText,
  type Picture,
  type PictureNode,
} from '../operations/picture.ts';
import { footer, statusCounts } from './live-view.ts';

/** Most single changes told between two pictures; of more than that only their numbers are. */
const mostLines = 20;

/** What changed between two moments, one line each, for a log that nobody watches in place. */
export function changeLines(before: Picture | null, after: Picture, now: number): string[] {
  const known = new Map(before?.nodes.map((node) => [node.name, node]));
  const added = after.nodes.filter(({ name }) => !known.has(name));
  const changed = after.nodes.filter((node) => {
    const old = known.get(node.name);
    if (old === undefined) return node.status !== 'waiting';
    return old.status !== node.status || old.attempt !== node.attempt;
  });
  const stamp = elapsed(after, now);
  return [
    ...(before === null
      ? [`${after.runId}: ${oneLine(after.goal, 160)} (${counted(after.total)})`]
      : []),
    ...(before !== null && added.length > 0 ? [`${stamp} ${addedText(added)}`] : []),
    ...(changed.length > mostLines
      ? [`${stamp} ${statusCounts(changed)}`]
      : changed.map((node) => `${stamp} ${nodeChange(node, now)}`)),
    ...(before === null ? [] : progressed(before, after)).map((one) => `${stamp} ${one}`),
    ...(after.sourceChanged !== null && before?.sourceChanged !== after.sourceChanged
      ? [`${stamp} ${sourceChangedText(after.sourceChanged)}`]
      : []),
    ...mapChanges(before, after).map((text) => `${stamp} ${text}`),
    ...(before !== null && before.state !== after.state && after.endedAt === null
      ? [`${stamp} ${runChange(after.state)}`]
      : []),
  ];
}

function progressed(before: Picture, after: Picture): string[] {
  const told = new Set(before.progress.map(progressText));
  return after.progress.map(progressText).filter((text) => !told.has(text));
}

/** A map is told of when it has unfolded, with the first item that failed, and ten times on its way. */
function mapChanges(before: Picture | null, after: Picture): string[] {
  if (before === null) return [];
  const known = new Map(before.maps.map((map) => [map.map, stageOf(map)]));
  return after.maps
    .filter((map) => known.get(map.map) !== stageOf(map))
    .map((map) => `${map.map} ${mapText(map)}`);
}

function stageOf({ counts }: MapCount): string {
  const lost = counts.get('failed') ?? 0;
  const tenth = Math.floor(((doneOf(counts) + lost) * 10) / totalOf(counts));
  return `${tenth} ${lost > 0}`;
}

function runChange(state: Picture['state']): string {
  return state === 'running'
    ? 'the run goes on'
    : `the run ${state === 'needs' ? stateText(state) : `is ${state}`}`;
}

function addedText(added: readonly PictureNode[]): string {
  const names = added.slice(0, 12).map(({ name }) => name);
  const more = added.length > names.length ? ' …' : '';
  return `${counted(added.length)} added: ${names.join(', ')}${more}`;
}

function counted(nodes: number): string {
  return nodes === 1 ? '1 node' : `${nodes} nodes`;
}

/** Said now and then while nothing changes, so that nobody wonders. */
export function stillLine(picture: Picture, now: number): string {
  const busy = picture.nodes
    .filter(({ status }) => status === 'running' || status === 'gating')
    .slice(0, 4)
    .map(({ name, action }) => (action === null ? name : `${name} (${oneLine(action, 40)})`));
  return `${elapsed(picture, now)} ${footer(picture)}${busy.length === 0 ? '' : `: ${busy.join(', ')}`}`;
}

function elapsed(picture: Picture, now: number): string {
  return `+${duration((picture.endedAt ?? now) - picture.startedAt)}`;
}

function nodeChange(node: PictureNode, now: number): string {
  const { name, status, message } = node;
  const why = message === null ? '' : `: ${oneLine(message, 200)}`;
  switch (status) {
    case 'running':
      return `${name} running${inBrackets([node.route ?? '', attemptText(node)])}`;
    case 'gating':
      return `${name} gating`;
    case 'waiting':
      return node.attempt === 0 ? `${name} waiting` : `${name} goes back${why}`;
    case 'verified': {
      if (message !== null) return `${name} verified${why}`;
      const took = node.startedAt === null ? '' : duration((node.endedAt ?? now) - node.startedAt);
      return `${name} verified${inBrackets([node.route ?? '', attemptText(node), took, spending(node.spend)])}`;
    }
    case 'failed':
    case 'blocked':
    case 'skipped':
    case 'stopped':
      return `${name} ${status}${inBrackets([spending(node.spend)])}${why}`;
  }
}

function attemptText({ attempt }: PictureNode): string {
  return attempt > 1 ? `attempt ${attempt}` : '';
}

function inBrackets(facts: readonly string[]): string {
  const known = facts.filter((fact) => fact !== '');
  return known.length === 0 ? '' : ` (${known.join(', ')})`;
}
