import { z } from 'zod';
import { MoError, type Surface } from '../core/problem.ts';
import { schemaProblems, showPath, type Path } from '../core/schema-problems.ts';
import { commandName, flagName } from './naming.ts';

/** Arguments that do not fit, told as what to send instead: every field at fault, then the whole signature. */
export function inputProblem(
  operation: { name: string; input: z.ZodObject },
  error: z.ZodError,
  surface: Surface,
  raw: unknown,
): MoError {
  const problems = schemaProblems(error, operation.input, raw).map(({ path, what, fix }) =>
    `${fieldName(path, surface)} ${what} ${fix}`.trimEnd(),
  );
  return new MoError({
    code: 'bad-input',
    what: problems.join(' '),
    fix:
      surface === 'cli'
        ? `See: mo ${commandName(operation)} --help`
        : `Call ${operation.name} with ${signatureOf(operation.input)}.`,
  });
}

/** `{run_id, node?, wait_s?}`: what is required first. */
export function signatureOf(input: z.ZodObject): string {
  const fields = Object.entries(input.shape).map(([name, field]) =>
    z.safeParse(field, undefined).success ? `${name}?` : name,
  );
  return `{${fields.toSorted((left, right) => Number(left.endsWith('?')) - Number(right.endsWith('?'))).join(', ')}}`;
}

function fieldName(path: Path, surface: Surface): string {
  const name = showPath(path);
  if (name === '') return 'The input';
  return surface === 'cli' ? flagName(name.replaceAll('.', '_')) : `\`${name}\``;
}
