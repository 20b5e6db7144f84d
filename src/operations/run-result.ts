import { join } from 'node:path';
import type { RunSpec } from '../core/event.ts';
import { handoffText } from '../core/handoff-text.ts';
import { parseJson, type Json } from '../core/json.ts';
import type { NodeSpec } from '../core/node.ts';
import { readKept } from '../store/kept-file.ts';
import type { Store } from '../store/store.ts';
import { mapCountOf, mapText } from './map-text.ts';

/**
 * What a run that changes nothing has found: the handoffs of its last nodes, by name. null where it writes (its result is what has
 * landed, which the report tells), where it is one worker (its result is what that said) and while none of them is verified.
 */
export async function resultOfRun(
  store: Store,
  runId: string,
): Promise<ReadonlyMap<string, Json> | null> {
  const spec = store.spec(runId);
  if (spec.nodes.length === 1 || mayWrite(spec)) return null;
  const found = await Promise.all(
    lastNodes(spec.nodes).map(async (node): Promise<[string, Json][]> => {
      const handoff = await handoffOf(store, runId, node);
      return handoff === null ? [] : [[node.name, handoff]];
    }),
  );
  const handoffs = new Map(found.flat());
  return handoffs.size === 0 ? null : handoffs;
}

/** One handoff as it is, several each under the name of its node. */
export function resultText(handoffs: ReadonlyMap<string, Json>): string {
  const parts = [...handoffs].map(([node, handoff]) =>
    handoffs.size === 1 ? handoffText(handoff) : `# ${node}\n\n${handoffText(handoff)}`,
  );
  return `${parts.join('\n\n')}\n`;
}

function mayWrite({ nodes }: RunSpec): boolean {
  return nodes.some(({ write, emit, map }) => write || emit !== null || map?.item.write === true);
}

/** Those that find something and hand it to nobody but to gates, commands and people. */
function lastNodes(nodes: readonly NodeSpec[]): NodeSpec[] {
  const finders = nodes.filter(isFinder);
  const others = new Map(nodes.flatMap((node) => (isFinder(node) ? [] : [[node.name, node]])));
  const needed = new Set(finders.flatMap(({ needs }) => needs));
  // A set is gone through with what is added to it meanwhile.
  for (const name of needed) for (const need of others.get(name)?.needs ?? []) needed.add(need);
  return finders.filter(({ name }) => !needed.has(name));
}

function isFinder({ kind }: NodeSpec): boolean {
  return kind === 'agent' || kind === 'map';
}

async function handoffOf(store: Store, runId: string, { name, kind }: NodeSpec): Promise<Json> {
  const view = store.node(runId, name);
  if (view?.state !== 'verified') return null;
  if (kind === 'map') return handoffOfMap(store, runId, name);
  const file = join(store.paths.attemptFolder(runId, name, view.attempt), 'handoff.json');
  return parseJson((await readKept(store.paths, file)) ?? '')?.value ?? null;
}

function handoffOfMap(store: Store, runId: string, map: string): Json {
  const found = store.view(runId).maps.find((one) => one.map === map);
  return found === undefined ? null : { summary: mapText(mapCountOf(store, runId, found)) };
}
