import { isDropped } from '../core/added.ts';
import type { Json } from '../core/json.ts';
import type { RunEvent } from '../core/event.ts';
import type { NodeSpec } from '../core/node.ts';
import type { Run } from '../core/run.ts';
import { writeWhole } from '../platform/files.ts';
import { emittedNodes, type Emitted } from '../workflow/emitted.ts';
import { dryRun } from '../workflow/dry-run.ts';
import { renderDryRun } from '../workflow/dry-run-text.ts';
import { historyOf, workersOf, type Engine } from './engine.ts';
import type { Recorder } from './recorder.ts';

/** The nodes a planner's handoff carries, checked; also asked by the gate, so that a bad plan goes back to its planner. */
export function readPlan(run: Run, by: string, handoff: Json): Emitted {
  const existing = [...run.nodes.values()]
    .filter((node) => node.emittedBy !== by && !isDropped(run, node))
    .map((node) => node.spec);
  return emittedNodes({
    handoff,
    by,
    existing,
    gates: run.spec.gates,
    defaults: run.spec.defaults,
    maxNodes: run.spec.maxNodes,
    depth: depthOf(run, by),
  });
}

/** 1 for a planner that was there from the start, one more for each plan it came from. */
function depthOf(run: Run, by: string): number {
  let depth = 0;
  for (let name: string | null = by; name !== null; name = run.nodes.get(name)?.emittedBy ?? null) {
    depth += 1;
  }
  return depth;
}

/** Adds a verified plan to the graph. */
export async function performExpand(
  engine: Engine,
  recorder: Recorder,
  name: string,
): Promise<void> {
  const run = recorder.run();
  const state = run.nodes.get(name)?.state;
  if (state?.status !== 'verified') return;
  const emitted = state.handoff === null ? { findings: [] } : readPlan(run, name, state.handoff);
  if ('findings' in emitted) {
    recorder.record([
      {
        type: 'node.failed',
        node: name,
        message: 'its plan does not hold any more',
        findings: emitted.findings,
      },
    ]);
    return;
  }
  const added: RunEvent = { type: 'nodes.added', by: name, nodes: emitted.nodes, cycle: null };
  recorder.record([added]);
  engine.log(`${name}: ${emitted.nodes.length} nodes added`);
}

/** `plan.md`: what is going to happen, for the person who is asked. Written as soon as a plan has passed its checks. */
export async function writePlan(
  engine: Engine,
  run: Run,
  summary: string,
  nodes: readonly NodeSpec[],
): Promise<void> {
  const { concurrency, settings } = run.spec;
  const history = historyOf(engine.store);
  const surroundings = {
    workers: workersOf(engine),
    lanes: engine.store.lanes(),
    settings,
    history,
    now: engine.clock.now(),
  };
  const { records } = history;
  const batches = renderDryRun(dryRun(nodes, { concurrency, surroundings, records }));
  const text = [
    `# Plan of ${run.spec.runId}`,
    '',
    run.spec.goal,
    '',
    summary,
    '',
    '```',
    batches,
    '```',
    '',
    gatesText(run.spec.gates),
    '',
    ...nodes.flatMap(nodeText),
  ].join('\n');
  await writeWhole(engine.paths.plan(run.spec.runId), `${text.trimEnd()}\n`);
}

function gatesText(gates: readonly string[]): string {
  if (gates.length > 0)
    return `The whole must pass ${gates.map((gate) => `\`${gate}\``).join(', ')} before it lands.`;
  return 'No command proves the whole: scope, secrets and handoffs are checked, nothing is run. Name one with `--gate "npm test"`, or under gates.commands in mo.yaml.';
}

function nodeText(node: NodeSpec): string[] {
  const scope =
    node.scope === null
      ? 'reads only'
      : node.scope === 'any'
        ? 'may change anything'
        : `may change ${node.scope.allow.join(', ')}`;
  const needs = node.needs.length === 0 ? '' : `, after ${node.needs.join(', ')}`;
  const gates = node.gates.flatMap((gate) =>
    gate.gate === 'command' ? [`\`${gate.command}\``] : [],
  );
  const proof = gates.length === 0 ? '' : `; gates: ${gates.join(', ')}`;
  return [`## ${node.name}`, '', `${node.role}, ${scope}${needs}${proof}`, '', node.task, ''];
}
