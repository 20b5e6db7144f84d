import { z } from 'zod';
import { graphErrors, type GraphError, type GraphNode } from '../core/graph.ts';
import { contractError } from '../core/handoff.ts';
import { json } from '../core/json.ts';
import type { WorkflowError } from '../core/problem.ts';
import { schemaProblems, type SchemaProblem } from '../core/schema-problems.ts';
import { placed, readYaml } from '../platform/yaml-text.ts';
import { inputError } from './input.ts';
import { workflowFile, workflowInput, workflowScope, type WorkflowFile } from './schema.ts';
import { templateErrors } from './template.ts';

export type LoadedWorkflow = { workflow: WorkflowFile } | { errors: WorkflowError[] };

/** A workflow from its YAML or JSON text, or everything that is wrong with it, in the order of its lines. */
export function loadWorkflow(text: string, sourceName: string): LoadedWorkflow {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) {
    const what = `${sourceName} has ${bytes} bytes; a workflow has at most ${maxBytes}.`;
    return { errors: [withoutPlace(what, 'Split it into several workflows.')] };
  }
  const source = readYaml(text);
  if ('errors' in source) return source;
  if (source.value === null) {
    return { errors: [withoutPlace(`${sourceName} is empty.`, 'Begin with: version: 1')] };
  }
  const parsed = workflowFile.safeParse(source.value);
  const problems = [
    ...(parsed.success ? [] : schemaProblems(parsed.error, workflowFile, source.value)),
    ...partProblems(source.value),
  ];
  if (parsed.success && problems.length === 0 && source.refused.length === 0) {
    return { workflow: parsed.data };
  }
  return { errors: placed(source, problems.map(mentionVersion)).slice(0, maxErrors) };
}

const maxBytes = 1_000_000;
const maxErrors = 100;

function withoutPlace(what: string, fix: string): WorkflowError {
  return { line: null, column: null, where: '', what, fix };
}

/** What the schema cannot see. Each part is read for itself, so that one mistake does not hide the next; what does not fit its schema is passed over, for that has been said. */
function partProblems(value: unknown): SchemaProblem[] {
  const { inputs, nodes } = looseFile.parse(value);
  const declared = Object.keys(inputs);
  return [
    ...Object.entries(inputs).flatMap(([name, input]) => inputProblems(name, input)),
    ...(nodes === null ? [] : graphProblems(nodes)),
    ...Object.entries(nodes ?? {}).flatMap(([name, node]) => nodeProblems(name, node, declared)),
  ];
}

const looseNode = z
  .object({
    kind: z.enum(['agent', 'command', 'approval']).catch('agent'),
    needs: z.array(z.string()).catch([]),
    task: z.string().optional().catch(undefined),
    run: z.string().optional().catch(undefined),
    ask: z.string().optional().catch(undefined),
    write: z.boolean().catch(false),
    scope: workflowScope.or(z.literal('unreadable')).optional().catch('unreadable'),
    output: z.record(z.string(), json).optional().catch(undefined),
  })
  .catch({ kind: 'agent', needs: [], write: false });
type LooseNode = z.infer<typeof looseNode>;

const looseFile = z
  .object({
    inputs: z.record(z.string(), workflowInput.or(z.null()).catch(null)).catch({}),
    nodes: z.record(z.string(), looseNode).nullable().catch(null),
  })
  .catch({ inputs: {}, nodes: null });

const noNodes: SchemaProblem = {
  path: ['nodes'],
  at: 'key',
  what: 'there is no node to run.',
  fix: 'Add one: nodes: { hello: { task: "…" } }.',
};

function inputProblems(name: string, input: z.infer<typeof workflowInput> | null): SchemaProblem[] {
  if (input?.default === undefined) return [];
  const error = inputError(input.type, input.default);
  if (error === null) return [];
  return [{ path: ['inputs', name, 'default'], at: 'value', what: error, fix: '' }];
}

function graphProblems(nodes: Readonly<Record<string, LooseNode>>): SchemaProblem[] {
  if (Object.keys(nodes).length === 0) return [noNodes];
  return (
    graphErrors(Object.entries(nodes).map(([name, node]) => graphNode(name, node)))
      // Keys are checked by the schema.
      .filter((error) => error.field !== 'name')
      .map(graphProblem)
  );
}

function graphNode(name: string, { kind, needs, write, scope, task, run }: LooseNode): GraphNode {
  const text = kind === 'agent' ? task : kind === 'command' ? run : undefined;
  return {
    name,
    kind,
    needs,
    // A missing text is reported by the schema.
    task: text ?? name,
    write,
    scope: graphScope(scope),
  };
}

function graphScope(scope: LooseNode['scope']): GraphNode['scope'] {
  if (scope === undefined) return null;
  if (scope === 'any' || scope === 'unreadable') return 'any';
  return { allow: scope.allow, deny: scope.deny ?? [], maxDiffLines: null };
}

function graphProblem({ node, field, item, what, fix }: GraphError): SchemaProblem {
  const path = node === null ? [field] : ['nodes', node, field, ...(item === null ? [] : [item])];
  return { path, at: 'value', what, fix };
}

function nodeProblems(name: string, node: LooseNode, declared: readonly string[]): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  for (const field of ['task', 'ask'] as const) {
    for (const error of templateErrors(node[field] ?? '', declared)) {
      problems.push({ path: ['nodes', name, field], at: 'value', ...error });
    }
  }
  if (node.run?.includes('${inputs.') === true) {
    problems.push({
      path: ['nodes', name, 'run'],
      at: 'value',
      what: 'a command takes no inputs: they would be run as shell text.',
      fix: 'Write the command out, or let an agent node do it.',
    });
  }
  if (node.scope !== undefined && node.scope !== 'unreadable' && !node.write) {
    problems.push({
      path: ['nodes', name, 'scope'],
      at: 'key',
      what: 'a node that only reads has no scope.',
      fix: 'Add write: true, or remove the scope.',
    });
  }
  const contract = node.output === undefined ? null : contractError(node.output);
  if (contract !== null) {
    problems.push({
      path: ['nodes', name, 'output'],
      at: 'value',
      what: contract,
      fix: 'Use plain JSON Schema (draft 2020-12).',
    });
  }
  return problems;
}

const later: Readonly<Record<string, string>> = {
  emit: 'only the recipe do has nodes that emit nodes',
  pass_when: 'gate nodes are not in this version of mo',
  on_fail: 'gate nodes are not in this version of mo',
  over: 'map nodes are not in this version of mo',
  judge: 'judge gates are not in this version of mo',
};

/** Words of the format that this version does not know deserve more than "unknown". */
function mentionVersion(problem: SchemaProblem): SchemaProblem {
  const word = String(problem.path.at(-1));
  const reason = problem.at === 'key' && Object.hasOwn(later, word) ? later[word] : undefined;
  if (reason !== undefined) return { ...problem, what: `cannot be used: ${reason}.` };
  if (word === 'kind' && /^"(gate|map)"/.test(problem.what)) {
    return {
      ...problem,
      what: problem.what.replace('is not possible here', 'nodes are not in this version of mo'),
    };
  }
  return word === 'land' && problem.what.startsWith('"pr"')
    ? { ...problem, what: 'landing as a pull request is not in this version of mo.' }
    : problem;
}
