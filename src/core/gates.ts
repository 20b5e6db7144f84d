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

/**
 * The gates of a tree that several nodes have made: whether it can be read, then commands. `files`: `merged` is what a merge has made,
 * `whole` all that the run has changed; the commands of `gates.syntax`, which ran on every node, do not run on the whole again.
 */
export function gatesOfTree(
  commands: readonly GateSpec[],
  settings: Settings,
  files: 'merged' | 'whole' | 'none',
): GateSpec[] {
  if (files === 'none' || settings.gates?.syntax === false) return [...commands];
  const gate = syntaxGate(settings);
  return [files === 'merged' ? gate : withoutCommands(gate), ...commands];
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
  if (node.write && settings.gates?.syntax !== false) gates.push(syntaxGate(settings));
  return gates;
}

/** Whoever wrote the node must not choose what is run: the commands of the settings have been trusted, those of a node have not. */
function syntaxGate({ gates }: Settings): SyntaxGate {
  const wish = gates?.syntax;
  return { gate: 'syntax', commands: typeof wish === 'object' ? wish : {} };
}

function withoutCommands({ gate, commands }: SyntaxGate): SyntaxGate {
  const endings = Object.keys(commands).map((ending) => [ending, false] as const);
  return { gate, commands: Object.fromEntries(endings) };
}

type SyntaxGate = Extract<GateSpec, { gate: 'syntax' }>;

function keyOf(spec: GateSpec): string {
  return spec.gate === 'command' ? `command ${spec.command}` : spec.gate;
}
