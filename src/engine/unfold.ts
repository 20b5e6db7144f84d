import { isDropped } from '../core/added.ts';
import type { RunEvent } from '../core/event.ts';
import type { Verdict } from '../core/gate.ts';
import type { NodeSpec } from '../core/node.ts';
import type { Run, RunNode } from '../core/run.ts';
import { itemNodes } from '../workflow/map-items.ts';
import { listItems } from './expressions.ts';
import { listSourceOf } from './list-source.ts';
import { proveNode } from './receipt.ts';
import { withdrawReceipts } from './withdraw.ts';
import type { Engine } from './engine.ts';
import type { Recorder } from './recorder.ts';

/** Nodes in one event; all events of a map go into one transaction. */
const nodesPerEvent = 500;

/** A map whose needs are met becomes its items. Its receipt says how many; whoever needs it waits for them. */
export async function performUnfold(
  engine: Engine,
  recorder: Recorder,
  name: string,
): Promise<void> {
  const run = recorder.run();
  const node = run.nodes.get(name);
  if (node?.state.status !== 'waiting' || node.spec.map === null) return;
  // What it was unfolded over may be history by now: then it is unfolded again.
  const isCurrent = (): boolean => recorder.run().nodes.get(name) === node;
  const { over } = node.spec.map;
  const unfolded = await itemsOf(engine, run, node);
  if ('error' in unfolded) {
    if (!isCurrent()) return;
    const message = `over: ${over}: ${unfolded.error}`;
    recorder.record([{ type: 'node.failed', node: name, message, findings: [] }]);
    engine.log(`${name}: ${message}`);
    return;
  }
  const { nodes, items } = unfolded;
  const summary = `${items} items in ${nodes.length} nodes`;
  const attempt = node.stale + 1;
  const verdict: Verdict = {
    gate: 'expression',
    name: `${over} gives ${summary}`,
    pass: true,
    findings: [],
    evidence: null,
    durationMs: 0,
  };
  const handoff = { status: 'pass', summary, total: nodes.length };
  const proof = { attempt, work: null, verdicts: [verdict], handoff };
  const { event, row } = await proveNode(engine, run, node, proof);
  if (!isCurrent()) return withdrawReceipts(engine, recorder.run());
  const judged: RunEvent = { type: 'gate.judged', node: name, attempt, verdict };
  recorder.record([judged, event, ...addedBy(name, nodes)], { receipts: [row] });
  engine.log(`${name}: ${summary}`);
}

type Unfolded = { nodes: NodeSpec[]; items: number } | { error: string };

async function itemsOf(engine: Engine, run: Run, { spec }: RunNode): Promise<Unfolded> {
  const read = listSourceOf(engine, run);
  const listed = await listItems(spec.map?.over ?? '', run, { node: spec, read });
  if ('error' in listed) return listed;
  const others = [...run.nodes.values()].filter((one) => !isDropped(run, one));
  const taken = new Set(others.map((one) => one.spec.name));
  const made = itemNodes(spec, listed.items, taken);
  if ('error' in made) return made;
  // A map does nothing itself.
  const total = others.filter(({ spec: { map } }) => map === null).length + made.nodes.length;
  const { maxNodes } = run.spec;
  if (total > maxNodes) {
    return {
      error: `with ${made.nodes.length} more the run would have ${total} nodes; it may have ${maxNodes}. Raise max_nodes, or use limit or batch.`,
    };
  }
  const items = made.nodes.reduce((sum, one) => sum + (one.items?.length ?? 0), 0);
  return { nodes: made.nodes, items };
}

/** One event at least: a map over nothing has emitted nothing, and is done. */
function addedBy(by: string, nodes: readonly NodeSpec[]): RunEvent[] {
  const events: RunEvent[] = [];
  for (let at = 0; at === 0 || at < nodes.length; at += nodesPerEvent) {
    const part = nodes.slice(at, at + nodesPerEvent);
    events.push({ type: 'nodes.added', by, nodes: part, cycle: null });
  }
  return events;
}
