import type { RunSpec } from './event.ts';
import type { NodeSpec } from './node.ts';
import { keyOf } from './routing.ts';

/** The workflow a run was started with, as files relative to the project; `inputs` null: it had none. */
export type Source = {
  workflow: string;
  inputs: string | null;
  /** The file it was started from, where that holds something else by now. */
  changed: string | null;
};

/** Shell commands that do the same again: the same base, the same workflow, the same inputs, and nothing taken over. */
export function reproduceLines(spec: RunSpec, source: Source | null): string[] {
  const isKnown = source === null || spec.recipe === 'do';
  const short = isKnown ? commandOf(spec) : null;
  const command = short ?? (source === null ? null : workflowCommand(spec, source));
  return [
    ...(spec.base === null ? [] : [`git switch --detach ${spec.base}`]),
    ...(command === null ? [] : [command]),
  ];
}

function workflowCommand(spec: RunSpec, { workflow, inputs }: Source): string {
  const given = inputs === null ? '' : ` --inputs "$(cat ${quoted(inputs)})"`;
  const fresh = spec.reuse === 'never' ? '' : ' --fresh';
  return `mo workflow run ${quoted(workflow)}${given}${usualFlags(spec, 'budget.usd')}${fresh}`;
}

function commandOf(spec: RunSpec): string | null {
  const goal = quoted(spec.goal);
  if (goal.length > 4_000) return null;
  if (spec.recipe === 'do') return `mo do ${goal}${doFlags(spec)}${usualFlags(spec, 'budget')}`;
  const [only] = spec.nodes;
  return spec.recipe === null && spec.nodes.length === 1 && only !== undefined
    ? `mo run ${goal}${runFlags(only)}`
    : null;
}

function usualFlags({ land, concurrency, budget }: RunSpec, budgetFlag: string): string {
  return flags([
    ['land', land],
    ['concurrency', String(concurrency)],
    [budgetFlag, budget.usd === null ? null : String(budget.usd)],
  ]);
}

function doFlags({ nodes, defaults, gates, maxCycles }: RunSpec): string {
  const node = (name: string): NodeSpec | undefined => nodes.find((one) => one.name === name);
  return flags([
    ...gates.map((gate) => ['gate', gate] as const),
    ['planner', whoOf(node('plan'))],
    ['worker', whoOf(defaults)],
    ['reviewer', whoOf(node('review'))],
    ['model', defaults.model],
    ['max-cycles', String(maxCycles)],
  ]);
}

function runFlags(node: NodeSpec): string {
  const { scope } = node;
  const allow = scope === null || scope === 'any' ? [] : scope.allow;
  return (
    flags([
      ['role', node.role],
      ['provider', node.provider],
      ['profile', node.profile],
      ['model', node.model],
      ['effort', node.effort],
    ]) +
    (node.write ? ' --write' : '') +
    flags([
      ...allow.map((path) => ['scope.allow', path] as const),
      ...node.gates.flatMap((one) =>
        one.gate === 'command' ? [['gates', one.command] as const] : [],
      ),
    ])
  );
}

function whoOf(wish: Pick<NodeSpec, 'provider' | 'profile'> | undefined): string | null {
  return wish === undefined || wish.provider === null
    ? null
    : keyOf({ provider: wish.provider, profile: wish.profile });
}

function flags(pairs: readonly (readonly [name: string, value: string | null])[]): string {
  return pairs
    .map(([name, value]) => (value === null ? '' : ` --${name} ${quoted(value)}`))
    .join('');
}

/** As one word of a POSIX shell. */
function quoted(text: string): string {
  return /^[A-Za-z0-9_.:/@=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
