import type { NodeDefaults } from '../core/event.ts';
import type { GateSpec, NodeSpec } from '../core/node.ts';
import type { WorkflowError } from '../core/problem.ts';
import { readInputs } from './input.ts';
import { newNode, usualDefaults } from './new-node.ts';
import type { WorkflowFile, WorkflowGate, WorkflowNode, WorkflowScope } from './schema.ts';
import { fillTemplate, type InputValue } from './template.ts';

export type ExpandedWorkflow = { nodes: NodeSpec[] } | { errors: WorkflowError[] };

/** A loaded workflow as complete nodes: defaults filled in, inputs put into the texts. */
export function expandWorkflow(
  workflow: WorkflowFile,
  inputs: Readonly<Record<string, unknown>> = {},
  usual: NodeDefaults = usualDefaults,
): ExpandedWorkflow {
  const read = readInputs(workflow.inputs, inputs);
  if ('errors' in read) return read;
  const defaults = defaultsOf(workflow, usual);
  return {
    nodes: Object.entries(workflow.nodes).map(([name, node]) =>
      expandNode(name, node, { defaults, values: read.values }),
    ),
  };
}

/** What the nodes of a workflow get where they say nothing themselves. */
export function defaultsOf(
  { defaults }: WorkflowFile,
  usual: NodeDefaults = usualDefaults,
): NodeDefaults {
  return {
    provider: defaults?.provider ?? usual.provider,
    profile: defaults?.profile ?? usual.profile,
    model: defaults?.model ?? usual.model,
    effort: defaults?.effort ?? usual.effort,
    timeoutMs: defaults?.timeout ?? usual.timeoutMs,
    idleMs: defaults?.idle_timeout ?? usual.idleMs,
    retries: defaults?.retries ?? usual.retries,
    budget: defaults?.budget ?? usual.budget,
  };
}

type AgentNode = Exclude<WorkflowNode, { kind: 'command' | 'approval' }>;
type Context = { defaults: NodeDefaults; values: ReadonlyMap<string, InputValue> };

function expandNode(name: string, node: WorkflowNode, context: Context): NodeSpec {
  switch (node.kind) {
    case 'approval':
      return newNode(
        {
          name,
          kind: 'approval',
          role: 'supervisor',
          needs: node.needs ?? [],
          task: fillTemplate(node.ask, context.values),
        },
        { ...context.defaults, ...noRoute },
      );
    case 'command':
      return expandCommand(name, node, context);
    case 'agent':
    case undefined:
      return expandAgent(name, node, context);
  }
}

const noRoute = { provider: null, profile: null, model: null, effort: null };

function expandCommand(
  name: string,
  node: Extract<WorkflowNode, { kind: 'command' }>,
  { defaults }: Context,
): NodeSpec {
  const timeoutMs = node.timeout ?? defaults.timeoutMs;
  return newNode(
    {
      name,
      kind: 'command',
      role: 'automation',
      needs: node.needs ?? [],
      task: node.run,
      write: node.write ?? false,
      scope: scopeOf(node),
      gates: (node.gates ?? []).map(gateOf),
      timeoutMs,
      // A build may be silent for long; only a limit that was asked for ends it early.
      idleMs: node.idle_timeout ?? timeoutMs,
      retries: node.retries ?? defaults.retries,
    },
    { ...defaults, ...noRoute },
  );
}

function expandAgent(name: string, node: AgentNode, { defaults, values }: Context): NodeSpec {
  const limits = node.output_limits;
  return newNode(
    {
      name,
      role: node.role ?? 'implementation',
      needs: node.needs ?? [],
      task: fillTemplate(node.task, values),
      write: node.write ?? false,
      scope: scopeOf(node),
      gates: (node.gates ?? []).map(gateOf),
      ...routeOf(node, defaults),
      timeoutMs: node.timeout ?? defaults.timeoutMs,
      idleMs: node.idle_timeout ?? defaults.idleMs,
      retries: node.retries ?? defaults.retries,
      budget: node.budget ?? defaults.budget,
      maxOutputBytes: limits?.max_bytes ?? null,
      contract: node.output ?? null,
    },
    defaults,
  );
}

/** A profile, model or effort belongs to its provider: a node that names another one takes none of the defaults'. */
function routeOf(
  node: AgentNode,
  defaults: NodeDefaults,
): Pick<NodeSpec, 'provider' | 'profile' | 'model' | 'effort'> {
  const base =
    node.provider === undefined || node.provider === defaults.provider ? defaults : noRoute;
  return {
    provider: node.provider ?? base.provider,
    profile: node.profile ?? base.profile,
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

function gateOf(gate: WorkflowGate): GateSpec {
  return typeof gate === 'string'
    ? { gate: 'command', command: gate, timeoutMs: null }
    : { gate: 'command', command: gate.command, timeoutMs: gate.timeout ?? null };
}
