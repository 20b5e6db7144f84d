import type { SchemaProblem } from '../core/schema-problems.ts';
import { inputError } from './input.ts';
import { worksOf, type LooseFile, type LooseWork } from './loose-file.ts';
import { templateErrors, type Names } from './template.ts';

/** Defaults of inputs that are of another type. */
export function inputProblems({ inputs }: LooseFile): SchemaProblem[] {
  return Object.entries(inputs).flatMap(([name, input]) => {
    const error = input?.default === undefined ? null : inputError(input.type, input.default);
    if (error === null) return [];
    return [{ path: ['inputs', name, 'default'], at: 'value', what: error, fix: '' }];
  });
}

/** What stands between `${` and `}` in texts that are filled in. */
export function textProblems(file: LooseFile): SchemaProblem[] {
  const inputs = Object.keys(file.inputs);
  const asked = Object.entries(file.nodes ?? {}).flatMap(([name, { ask }]) =>
    ask === undefined ? [] : errorsAt(['nodes', name, 'ask'], ask, { inputs, item: null }),
  );
  const worked = worksOf(file).flatMap(({ path, work, as }) => [
    ...errorsAt([...path, 'task'], work.task ?? '', { inputs, item: as }),
    ...(as === null ? [] : scopeProblems(path, work, as)),
    ...commandProblems(path, work, as),
  ]);
  const goal = errorsAt(['goal'], file.goal ?? '', { inputs, item: null });
  return [...goal, ...asked, ...worked];
}

function errorsAt(path: (string | number)[], text: string, names: Names): SchemaProblem[] {
  return templateErrors(text, names).map((error) => ({ path, at: 'value', ...error }));
}

function scopeProblems(path: readonly string[], { scope }: LooseWork, as: string): SchemaProblem[] {
  if (scope === undefined || scope === 'any' || scope === 'unreadable') return [];
  return (['allow', 'deny'] as const).flatMap((list) =>
    (scope[list] ?? []).flatMap((pattern, index) =>
      errorsAt([...path, 'scope', list, index], pattern, { inputs: [], item: as }),
    ),
  );
}

function commandProblems(
  path: readonly string[],
  { run }: LooseWork,
  as: string | null,
): SchemaProblem[] {
  const at = 'value';
  if (run?.includes('${inputs.') === true) {
    return [
      {
        path: [...path, 'run'],
        at,
        what: 'a command takes no inputs: they would be run as shell text.',
        fix: 'Write the command out, or let an agent node do it.',
      },
    ];
  }
  if (as !== null && run !== undefined && new RegExp(`\\$\\{\\s*${as}[\\s.}]`).test(run)) {
    return [
      {
        path: [...path, 'run'],
        at,
        what: 'an item is not put into a command: it would be run as shell text.',
        fix: 'Use "$MO_ITEM"; with batch, $MO_ITEMS has one a line.',
      },
    ];
  }
  return [];
}
