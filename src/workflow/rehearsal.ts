import type { NodeDefaults } from '../core/event.ts';
import { checkHandoff } from '../core/handoff.ts';
import { handoffExamples } from '../core/handoff-examples.ts';
import type { Json } from '../core/json.ts';
import type { ItemSpec, NodeSpec } from '../core/node.ts';
import { MoError } from '../core/problem.ts';
import { exampleOf } from '../core/schema-example.ts';

/**
 * The nodes of a workflow as a rehearsal does them: scripted workers answer with an example of their contract and change nothing, and no
 * command runs. Needs, maps, expressions, gates and approvals are what they are. Throws `bad-input` where a node has a contract of its
 * own that no example can be made for.
 */
export function rehearsed(nodes: readonly NodeSpec[]): NodeSpec[] {
  return nodes.map((node) => ({
    ...node,
    ...partOf(node, node),
    resume: null,
    map: node.map === null ? null : { ...node.map, item: itemOf(node, node.map.item) },
  }));
}

/** Who does the nodes that are added while a rehearsal goes on. */
export function rehearsedDefaults(defaults: NodeDefaults): NodeDefaults {
  return { ...defaults, ...nobodyElse };
}

const nobodyElse = { provider: 'scripted', profile: null, model: null, effort: null };
const noCommand = 'exit 0';

function itemOf(map: NodeSpec, item: ItemSpec): ItemSpec {
  return { ...item, ...partOf({ name: map.name, emit: null }, item) };
}

function partOf(
  { name, emit }: Pick<NodeSpec, 'name' | 'emit'>,
  work: Pick<NodeSpec, 'kind' | 'role' | 'task' | 'contract'>,
): Partial<ItemSpec> {
  switch (work.kind) {
    case 'agent':
      return {
        ...nobodyElse,
        gates: [],
        task: `${work.task}\n\n${script(answerOf(name, emit, work))}`,
      };
    case 'command':
      return { task: noCommand, gates: [] };
    case 'gate':
    case 'map':
    case 'approval':
      return {};
  }
}

/** What the scripted worker looks for in its prompt. */
function script(value: Json): string {
  return `\`\`\`mo-script\n${JSON.stringify([{ do: 'handoff', value }])}\n\`\`\``;
}

function answerOf(
  name: string,
  emit: NodeSpec['emit'],
  { role, contract }: Pick<NodeSpec, 'role' | 'contract'>,
): Json {
  const value = contract === null ? asDone(name, emit, role) : exampleOf(contract);
  const checked = checkHandoff({ role, contract, value });
  if ('handoff' in checked) return value;
  throw new MoError({
    code: 'bad-input',
    what: `No example can be made that fits the output of ${name}: ${checked.errors.map(({ field, what }) => `${field} ${what}`.trim()).join(' ')}`,
    fix: 'Give its JSON Schema one: examples: [ … ].',
  });
}

/** The example of a role, of a worker that has changed nothing and found nothing wrong. */
function asDone(name: string, emit: NodeSpec['emit'], role: NodeSpec['role']): Json {
  const done = { status: 'pass', summary: 'A rehearsal: nothing was done.' };
  const nothing = { changed_files: [], commands: [], findings: [], failures: [], pages: [] };
  const own = { ...handoffExamples[role], ...done };
  const kept = Object.entries(own).map(([field, value]) => [
    field,
    field in nothing ? [] : field === 'nodes' && emit === 'nodes' ? planned(name) : value,
  ]);
  return Object.fromEntries(kept);
}

function planned(by: string): Json {
  const first = `${by}-part-1`;
  return [partNamed(first, []), partNamed(`${by}-part-2`, [first])];
}

function partNamed(name: string, needs: string[]): Json {
  const task = 'A rehearsal: a part of the plan.';
  return { name, role: 'implementation', task, needs, write: false, scope: null, gates: [] };
}
