import type { z } from 'zod';
import type { WorkflowError } from '../core/problem.ts';
import { schemaProblems, showPath, type SchemaProblem } from '../core/schema-problems.ts';
import { jsonComment } from '../platform/json-comment.ts';
import { placed, readYaml, type PlacedProblem } from '../platform/yaml-text.ts';
import { contractProblems } from './contract-problems.ts';
import { expressionProblems } from './expression-problems.ts';
import { graphProblems } from './graph-problems.ts';
import { looseFile, looseOf, type LooseFile } from './loose-file.ts';
import { inputProblems, textProblems } from './text-problems.ts';
import { limitProblems } from './limit-problems.ts';
import { routeProblems, type KnownWorkers } from './route-problems.ts';
import { workflowFile, type WorkflowFile } from './schema.ts';

export type LoadedWorkflow = { workflow: WorkflowFile } | { errors: WorkflowError[] };

/**
 * A workflow from its YAML or JSON text, or everything that is wrong with it, in the order of its lines. `workers` are the providers
 * there are, with their profiles; null: whatever is named.
 */
export async function loadWorkflow(
  text: string,
  sourceName: string,
  workers: KnownWorkers | null = null,
): Promise<LoadedWorkflow> {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) {
    const what = `${sourceName} has more than ${maxBytes} bytes, and a workflow has at most so many.`;
    return { errors: [withoutPlace(what, 'Split it into several workflows.')] };
  }
  const loaded = await loadText(text, { sourceName, workers });
  const comment = 'errors' in loaded ? jsonComment(text) : null;
  return comment === null ? loaded : { errors: [comment] };
}

async function loadText(
  text: string,
  { sourceName, workers }: { sourceName: string; workers: KnownWorkers | null },
): Promise<LoadedWorkflow> {
  const source = readYaml(text);
  if ('errors' in source) return source;
  if (source.value === null) {
    return { errors: [withoutPlace(`${sourceName} is empty.`, 'Begin with: version: 1')] };
  }
  const parsed = workflowFile.safeParse(source.value);
  const problems = [
    ...(parsed.success ? [] : formProblems(parsed.error, source.value)),
    ...(await partProblems(
      parsed.success ? looseOf(parsed.data) : looseFile.parse(source.value),
      workers,
    )),
  ];
  if (parsed.success && problems.length === 0 && source.refused.length === 0) {
    return { workflow: parsed.data };
  }
  return { errors: placed(source, problems).slice(0, maxErrors) };
}

export const maxBytes = 1_000_000;
const maxErrors = 100;

function withoutPlace(what: string, fix: string): WorkflowError {
  return { line: null, column: null, text: null, where: '', what, fix };
}

function formProblems(error: z.ZodError, value: unknown): PlacedProblem[] {
  const problems = schemaProblems(error, workflowFile, value);
  const judged = problems
    .filter((problem) => problem.at === 'key' && problem.path.at(-1) === 'judge')
    .map(({ path }) => showPath(path.slice(0, -1)));
  return problems
    .filter(
      ({ path }) => path.at(-1) !== 'command' || !judged.includes(showPath(path.slice(0, -1))),
    )
    .map(mentionVersion);
}

/** What the schema cannot see. Each part is read for itself, so that one mistake does not hide the next; what does not fit its schema is passed over, for that has been said. */
async function partProblems(
  file: LooseFile,
  workers: KnownWorkers | null,
): Promise<PlacedProblem[]> {
  return [
    ...inputProblems(file),
    ...graphProblems(file),
    ...textProblems(file),
    ...contractProblems(file),
    ...limitProblems(file),
    ...(workers === null ? [] : routeProblems(file, workers)),
    ...(await expressionProblems(file)),
  ];
}

const judge =
  'judge gates are not in this version of mo; a node of role review and a gate node do the same';

/** Words of the format that this version does not know deserve more than "unknown". */
function mentionVersion(problem: SchemaProblem): SchemaProblem {
  const word = problem.path.at(-1);
  if (problem.at !== 'key' || word !== 'judge') return problem;
  return { ...problem, what: `cannot be used: ${judge}.`, fix: 'Use a command.' };
}
