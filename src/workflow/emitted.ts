import type { NodeDefaults } from '../core/event.ts';
import type { Finding } from '../core/gate.ts';
import { downstreamOf, graphErrors, type GraphError } from '../core/graph.ts';
import type { Plan, PlannedNode } from '../core/contracts.ts';
import { planOf } from '../core/handoff.ts';
import type { Json } from '../core/json.ts';
import type { NodeSpec } from '../core/node.ts';
import { newNode } from './new-node.ts';

export type Emission = {
  handoff: Json;
  /** The node that emits. */
  by: string;
  existing: readonly NodeSpec[];
  /** The only commands an emitted node may name as gates: what a model writes is never run. */
  gates: readonly string[];
  defaults: NodeDefaults;
  /** How many nodes the run may have in all. */
  maxNodes: number;
  /** Of the plan: 1 where the planner was there from the start, 2 where another planner emitted it, … */
  depth: number;
};

export type Emitted = { nodes: NodeSpec[] } | { findings: Finding[] };

/** The nodes of a plan, checked like a workflow file; or what the planner has to mend. They all follow the emitter, so it is not among their needs. */
export function emittedNodes(emission: Emission): Emitted {
  const plan = planOf(emission.handoff);
  if (plan === null)
    return { findings: [major('The plan does not fit the contract of a planner.', '')] };
  const refusal = refusalOf(plan, emission);
  if (refusal !== null) return { findings: [refusal] };
  const nodes = plan.nodes.map((planned) => specOf(planned, emission));
  const findings = [
    ...graphErrors(nodes, emission.existing).map((error) => graphFinding(error, nodes)),
    ...plan.nodes.flatMap((planned, index) => nodeFindings(planned, index, emission)),
  ];
  return findings.length > 0 ? { findings: findings.slice(0, maxFindings) } : { nodes };
}

const maxEmitted = 50;
const maxDepth = 5;
const maxFindings = 20;

function refusalOf(plan: Plan, { existing, maxNodes }: Emission): Finding | null {
  if (plan.status !== 'pass') {
    return major(`The planner answered ${plan.status}: ${plan.summary}`, '');
  }
  if (plan.nodes.length === 0) {
    return major(
      'The plan has no nodes.',
      'Give at least one node. If nothing has to be done, or it cannot be done, answer with status blocked and say why in summary.',
    );
  }
  if (plan.nodes.length > maxEmitted) {
    return major(
      `The plan has ${plan.nodes.length} nodes; at most ${maxEmitted} are taken.`,
      'Join small nodes that touch the same files.',
    );
  }
  const total = existing.length + plan.nodes.length;
  return total > maxNodes
    ? major(
        `With these ${plan.nodes.length} nodes the run would have ${total}; it may have ${maxNodes}.`,
        'Plan fewer nodes. If the work cannot be done with them, answer with status blocked and say why in summary.',
      )
    : null;
}

function specOf(planned: PlannedNode, { by, gates, defaults }: Emission): NodeSpec {
  const { scope } = planned;
  return newNode(
    {
      name: planned.name,
      role: planned.role,
      task: planned.task,
      emit: planned.role === 'planner' ? 'nodes' : null,
      needs: [...new Set(planned.needs)].filter((need) => need !== by),
      write: planned.write,
      scope:
        planned.write && scope !== null
          ? { allow: scope.allow, deny: scope.deny, maxDiffLines: scope.max_diff_lines }
          : null,
      gates: planned.gates
        .filter((one) => gates.includes(one.command.trim()))
        .map((one) => ({ gate: 'command', command: one.command.trim(), timeoutMs: null })),
    },
    defaults,
  );
}

function graphFinding({ node, field, what, fix }: GraphError, nodes: readonly NodeSpec[]): Finding {
  const index = nodes.findIndex((one) => one.name === node);
  const place = index === -1 ? 'nodes' : `nodes[${index}] (${node}), ${field}`;
  return major(`${place}: ${what}`, hintOf(field) ?? fix);
}

/** Where the fix of a workflow file speaks YAML, a planner writes JSON. */
function hintOf(field: string): string | null {
  return field === 'scope'
    ? 'Give {"allow": ["src/orders/**", "test/orders.test.js"], "deny": [], "max_diff_lines": null}; for a node that only reads, "write": false and "scope": null.'
    : null;
}

function nodeFindings(planned: PlannedNode, index: number, emission: Emission): Finding[] {
  const place = `nodes[${index}] (${planned.name.slice(0, 80)})`;
  const findings: Finding[] = [];
  if (/^(fix|review)-[0-9]/.test(planned.name)) {
    findings.push(
      major(`${place}, name: fix-<n> and review-<n> are mo's own.`, 'Use another name.'),
    );
  }
  const map = /^(.+)-[0-9]+$/.exec(planned.name)?.[1];
  if (emission.existing.some((node) => node.kind === 'map' && node.name === map)) {
    findings.push(
      major(`${place}, name: the items of the map ${map} are called so.`, 'Use another name.'),
    );
  }
  if (planned.role === 'planner' && emission.depth >= maxDepth) {
    findings.push(
      major(
        `${place}, role: plans come from plans ${maxDepth} deep already; no planner may follow.`,
        'Plan the work itself.',
      ),
    );
  }
  const later = new Set(downstreamOf(emission.existing, emission.by));
  for (const need of planned.needs.filter((one) => later.has(one))) {
    findings.push(
      major(
        `${place}, needs: ${need} itself waits for this plan.`,
        'Need only nodes of this plan, or nodes that are finished.',
      ),
    );
  }
  for (const { command } of planned.gates) {
    if (emission.gates.includes(command.trim())) continue;
    findings.push(
      major(
        `${place}, gates: ${JSON.stringify(command.slice(0, 200))} is not among the offered commands.`,
        emission.gates.length === 0
          ? 'No commands are offered: leave gates empty.'
          : `Use one of these, letter by letter, or none: ${emission.gates.map((one) => JSON.stringify(one)).join(', ')}.`,
      ),
    );
  }
  return findings;
}

function major(title: string, evidence: string): Finding {
  return { severity: 'major', title, file: null, line: null, evidence };
}
