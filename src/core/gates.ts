import type { Verdict } from './gate.ts';
import type { GateSpec, NodeSpec } from './node.ts';
import type { Settings } from './settings.ts';

/**
 * The gates a node must pass, cheapest first. A worker that only reads is checked too: that it wrote nothing, and that it printed no
 * secret. `gates.secrets: false` and `gates.syntax: false` in the settings turn these off where the node does not ask for them itself.
 */
export function gatesOf(node: NodeSpec, settings: Settings = {}): GateSpec[] {
  const wanted = [...ownGates(node, settings), ...node.gates];
  const different = new Map(
    wanted.map((spec) => [keyOf(spec), spec.gate === 'syntax' ? syntaxGate(settings) : spec]),
  );
  return [...different.values()].toSorted((one, other) => rank[one.gate] - rank[other.gate]);
}

/** The cheap gates are all run, so that the worker learns everything at once; a command only when nothing has failed before it. */
export function mayRun(spec: GateSpec, verdicts: readonly Verdict[]): boolean {
  return spec.gate !== 'command' || verdicts.every(({ pass }) => pass);
}

const rank = { handoff: 0, scope: 1, secrets: 2, syntax: 3, command: 4 } as const;

function ownGates(node: NodeSpec, settings: Settings): GateSpec[] {
  if (node.kind === 'approval') return [];
  const gates: GateSpec[] = node.kind === 'agent' ? [{ gate: 'handoff' }] : [];
  gates.push({ gate: 'scope' });
  const isScanned = node.kind === 'agent' || node.write;
  if (isScanned && settings.gates?.secrets !== false) gates.push({ gate: 'secrets' });
  const isWorker = node.kind === 'agent' || node.itemOf !== null;
  if (isWorker && node.write && settings.gates?.syntax !== false) gates.push(syntaxGate(settings));
  return gates;
}

/** Whoever wrote the node must not choose what is run: the commands of the settings have been trusted, those of a node have not. */
function syntaxGate({ gates }: Settings): GateSpec {
  const wish = gates?.syntax;
  return { gate: 'syntax', commands: typeof wish === 'object' ? wish : {} };
}

function keyOf(spec: GateSpec): string {
  return spec.gate === 'command' ? `command ${spec.command}` : spec.gate;
}
