import type { SchemaProblem } from '../core/schema-problems.ts';
import { worksOf, type LooseFile } from './loose-file.ts';

/** Budgets that cannot be kept, and more nodes than the file itself allows. */
export function limitProblems(file: LooseFile): SchemaProblem[] {
  const parts = [
    { path: ['defaults'], budget: file.defaults?.budget },
    { path: ['emitted'], budget: file.emitted?.budget },
    ...worksOf(file).map(({ path, work }) => ({ path, budget: work.budget })),
  ];
  return [
    ...parts.flatMap(({ path, budget }) => budgetProblems(path, budget, file.budget)),
    ...countProblems(file),
  ];
}

function budgetProblems(
  path: readonly string[],
  own: LooseFile['budget'],
  run: LooseFile['budget'],
): SchemaProblem[] {
  return (['usd', 'tokens'] as const).flatMap((kind) => {
    const [part, whole] = [own?.[kind] ?? null, run?.[kind] ?? null];
    if (part === null || whole === null || part <= whole) return [];
    return [
      {
        path: [...path, 'budget', kind],
        at: 'value' as const,
        what: `one attempt may take ${part}, the whole run only ${whole}.`,
        fix: `Give at most ${whole} here, or raise budget.${kind} of the file.`,
      },
    ];
  });
}

function countProblems({ max_nodes: most, nodes }: LooseFile): SchemaProblem[] {
  const count = Object.keys(nodes ?? {}).length;
  if (most === undefined || count <= most) return [];
  return [
    {
      path: ['max_nodes'],
      at: 'value',
      what: `the file alone has ${count} nodes.`,
      fix: `Raise it to ${count} or more.`,
    },
  ];
}
