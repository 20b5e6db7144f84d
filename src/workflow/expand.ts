import type { Json } from '../core/json.ts';
import type { NodeDefaults } from '../core/event.ts';
import type { GateSpec, ItemSpec, MapSpec, NodeSpec } from '../core/node.ts';
import type { Role } from '../core/names.ts';
import type { WorkflowError } from '../core/problem.ts';
import { wishedWorker } from '../core/worker-name.ts';
import { readInputs } from './input.ts';
import { newNode, usualDefaults } from './new-node.ts';
import type {
  WorkflowFile,
  WorkflowGate,
  WorkflowItem,
  WorkflowNode,
  WorkflowScope,
} from './schema.ts';
import { fillInputs, fillTemplate, type InputValue } from './template.ts';

/** `inputs`: what expressions read; null where an input that may be left out was. */
export type ExpandedWorkflow =
  | { goal: string; nodes: NodeSpec[]; inputs: Record<string, Json> }
  | { errors: WorkflowError[] };

/** A loaded workflow as complete nodes: defaults filled in, inputs put into the texts. */
export function expandWorkflow(
  workflow: WorkflowFile,
  inputs: Readonly<Record<string, unknown>> = {},
  usual: NodeDefaults = usualDefaults,
): ExpandedWorkflow {
  const read = readInputs(workflow.inputs, inputs);
  if ('errors' in read) return read;
  const defaults = defaultsOf(workflow, usual);
  const context = { defaults, gates: workflow.defaults?.gates ?? [], values: read.values };
  return {
    goal: goalOf(workflow, read.values),
    nodes: Object.entries(workflow.nodes).map(([name, node]) => expandNode(name, node, context)),
    inputs: Object.fromEntries(
      Object.keys(workflow.inputs ?? {}).map((name) => {
        const value = read.values.get(name) ?? null;
        return [name, typeof value === 'object' && value !== null ? [...value] : value];
      }),
    ),
  };
}

function goalOf({ goal, description, name }: WorkflowFile, values: Context['values']): string {
  const given = values.get('goal') ?? values.get('task');
  if (goal !== undefined) return fillTemplate(goal, values).trim();
  return typeof given === 'string' ? given : (description ?? name);
}

/** What an item is called where a map does not say. */
export const usualItem = 'item';

/** A list that is written out, as CEL. */
export function listExpression(items: readonly string[]): string {
  return JSON.stringify(items);
}

/** What the nodes of a workflow get where they say nothing themselves. */
export function defaultsOf(
  { defaults }: Pick<WorkflowFile, 'defaults'>,
  usual: NodeDefaults = usualDefaults,
): NodeDefaults {
  const timeoutMs = defaults?.timeout ?? usual.timeoutMs;
  const named = wishedWorker(defaults ?? {});
  return {
    provider: named.provider ?? usual.provider,
    profile: named.profile ?? usual.profile,
    model: defaults?.model ?? usual.model,
    effort: defaults?.effort ?? usual.effort,
    timeoutMs,
    idleMs: defaults?.idle_timeout ?? Math.min(usual.idleMs, timeoutMs),
    retries: defaults?.retries ?? usual.retries,
    budget: defaults?.budget ?? usual.budget,
  };
}

/** What the nodes get that are added while the run goes on. */
export function emittedDefaultsOf(workflow: WorkflowFile, usual: NodeDefaults): NodeDefaults {
  const own = defaultsOf(workflow, usual);
  const { emitted } = workflow;
  if (emitted === undefined) return own;
  return { ...defaultsOf({ defaults: emitted }, own), ...routeOf(emitted, own) };
}

type AgentNode = Extract<WorkflowItem, { kind?: 'agent' | undefined }>;
type CommandNode = Extract<WorkflowItem, { kind: 'command' }>;
type Fill = (text: string) => string;
type Context = {
  defaults: NodeDefaults;
  gates: readonly WorkflowGate[];
  values: ReadonlyMap<string, InputValue>;
};

function expandNode(name: string, node: WorkflowNode, context: Context): NodeSpec {
  const common = {
    name,
    needs: node.needs ?? [],
    when: node.when ?? null,
    part: node.part ?? null,
  };
  const fill: Fill = (text) => fillTemplate(text, context.values);
  switch (node.kind) {
    case 'approval':
      return newNode(
        { ...common, kind: 'approval', role: 'supervisor', task: fill(node.ask) },
        routeless(context),
      );
    case 'gate':
      return newNode(
        {
          ...common,
          kind: 'gate',
          role: 'supervisor',
          task: node.pass_when.join(' && '),
          passWhen: node.pass_when,
          onFail:
            node.on_fail === undefined
              ? null
              : { retry: node.on_fail.retry, maxRetries: node.on_fail.max_retries ?? 2 },
        },
        routeless(context),
      );
    case 'map': {
      const map = expandMap(node, context);
      return newNode(
        { ...common, kind: 'map', role: map.item.role, task: map.item.task, map },
        routeless(context),
      );
    }
    case 'command':
      return newNode({ ...common, ...expandCommand(node, context) }, routeless(context));
    case 'agent':
    case undefined:
      return newNode(
        {
          ...common,
          ...expandAgent(node, context, fill),
          role: node.role ?? roleOfEmitter(node.emit) ?? 'implementation',
          emit: node.emit ?? null,
        },
        context.defaults,
      );
  }
}

/** Whose contract carries what is emitted. */
export function roleOfEmitter(emit: string | undefined): Role | null {
  if (emit === undefined) return null;
  return emit === 'review' ? 'review' : 'planner';
}

const noRoute = { provider: null, profile: null, model: null, effort: null };

function routeless({ defaults }: Context): NodeDefaults {
  return { ...defaults, ...noRoute };
}

function expandMap(node: Extract<WorkflowNode, { kind: 'map' }>, context: Context): MapSpec {
  const fill: Fill = (text) => fillInputs(text, context.values);
  return {
    over: typeof node.over === 'string' ? node.over : listExpression(node.over),
    as: node.as ?? usualItem,
    batch: node.batch ?? 1,
    concurrency: node.concurrency ?? 16,
    limit: node.limit ?? null,
    sample: node.sample ?? null,
    item:
      node.node.kind === 'command'
        ? expandCommand(node.node, context)
        : expandAgent(node.node, context, fill),
  };
}

function expandCommand(node: CommandNode, context: Context): ItemSpec {
  const timeoutMs = node.timeout ?? context.defaults.timeoutMs;
  return {
    ...noRoute,
    kind: 'command',
    role: 'automation',
    task: node.run,
    write: node.write ?? false,
    scope: scopeOf(node),
    gates: gatesOf(node, context),
    timeoutMs,
    // A build may be silent for long; only a limit that was asked for ends it early.
    idleMs: node.idle_timeout ?? timeoutMs,
    retries: node.retries ?? context.defaults.retries,
    budget: context.defaults.budget,
    maxOutputBytes: null,
    softOutputBytes: null,
    finalOnly: false,
    contract: null,
  };
}

function expandAgent(node: AgentNode, context: Context, fill: Fill): ItemSpec {
  const { defaults } = context;
  const { provider, profile, model, effort } = routeOf(node, defaults);
  return {
    kind: 'agent',
    role: node.role ?? 'implementation',
    task: fill(node.task),
    write: node.write ?? false,
    scope: scopeOf(node),
    gates: gatesOf(node, context),
    provider,
    profile,
    model,
    effort,
    timeoutMs: node.timeout ?? defaults.timeoutMs,
    idleMs: node.idle_timeout ?? defaults.idleMs,
    retries: node.retries ?? defaults.retries,
    budget: node.budget ?? defaults.budget,
    maxOutputBytes: node.output_limits?.max_bytes ?? null,
    softOutputBytes: node.output_limits?.soft_bytes ?? null,
    finalOnly: node.output_limits?.final_only ?? false,
    contract: node.output ?? null,
  };
}

/** A profile, model or effort belongs to its provider: a node that names another one takes none of the defaults'. */
function routeOf(
  node: Pick<AgentNode, 'provider' | 'profile' | 'model' | 'effort'>,
  defaults: NodeDefaults,
): Pick<NodeSpec, 'provider' | 'profile' | 'model' | 'effort'> {
  const named = wishedWorker(node);
  const base = named.provider === null || named.provider === defaults.provider ? defaults : noRoute;
  return {
    provider: named.provider ?? base.provider,
    profile: named.profile ?? base.profile,
    model: node.model ?? base.model,
    effort: node.effort ?? base.effort,
  };
}

function scopeOf(node: {
  write?: boolean | undefined;
  scope?: WorkflowScope | undefined;
}): NodeSpec['scope'] {
  const { scope } = node;
  if (node.write !== true || scope === undefined) return null;
  if (scope === 'any') return 'any';
  return {
    allow: scope.allow,
    deny: scope.deny ?? [],
    maxDiffLines: scope.max_diff_lines ?? null,
  };
}

/** The gates of the defaults prove what was written, so a node that only reads has none of them. */
function gatesOf(node: AgentNode | CommandNode, { gates }: Context): GateSpec[] {
  const usual = node.write === true ? gates : [];
  return [...(node.gates ?? usual)].map(gateOf);
}

function gateOf(gate: WorkflowGate): GateSpec {
  return typeof gate === 'string'
    ? { gate: 'command', command: gate, timeoutMs: null }
    : { gate: 'command', command: gate.command, timeoutMs: gate.timeout ?? null };
}
