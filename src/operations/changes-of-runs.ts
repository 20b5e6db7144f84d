import { MoError } from '../core/problem.ts';
import type { OperationContext } from './context.ts';
import { findRun } from './find-run.ts';
import { rangeOfRun } from './read-diff.ts';

type Inputs = Readonly<Record<string, unknown>>;

/** In the input `change` of a recipe, a run (`r-7`) stands for the commits between its base and its head. */
export async function resolveChange(inputs: Inputs, context: OperationContext): Promise<Inputs> {
  const { change } = inputs;
  if (!Array.isArray(change)) return inputs;
  const resolved = change.map(async (entry: unknown) =>
    typeof entry === 'string' && /^r-[0-9]+[\w-]*$/.test(entry) ? changeOf(entry, context) : entry,
  );
  return { ...inputs, change: await Promise.all(resolved) };
}

async function changeOf(run: string, context: OperationContext): Promise<string> {
  const { store, runId } = await findRun(context, run);
  const range = rangeOfRun({ store, runId, node: null });
  if (range === null || range.from === range.to) {
    throw new MoError({
      code: 'bad-input',
      what: `The run ${runId} has changed nothing.`,
      fix: 'Name a run that has landed work, or a range such as main..HEAD.',
    });
  }
  return `${range.from}..${range.to}`;
}
