import { z } from 'zod';
import { counted, size } from './amounts.ts';
import { defineOperation } from './operation.ts';

export const projectInput = z.strictObject({
  what: z.enum(['status', 'policy', 'stale', 'audit']).default('status'),
});

const item = z.object({
  name: z.string(),
  text: z.string(),
  age_days: z.number().optional(),
  bytes: z.number().optional(),
});

export const projectOutput = z.object({
  what: projectInput.shape.what.unwrap(),
  project: z.string(),
  items: z.array(item),
  more: z.number().optional(),
  /** What is wrong, and what mends it. */
  problems: z.array(z.object({ what: z.string(), fix: z.string() })),
  next: z.string().optional(),
});
type Item = z.output<typeof item>;

export const project = defineOperation({
  name: 'project',
  title: 'Look into the workspace',
  summary:
    'Sizes, runs and refs (status), settings in force (policy), old runs (stale), integrity of the record (audit).',
  kind: 'read',
  toolset: 'governance',
  searchHint: 'disk space, old runs, integrity',
  positional: 'what',
  input: projectInput,
  output: projectOutput,
  run: async (input, context) => (await import('./read-project.ts')).readProject(input, context),
  render: ({ what, project: root, items, more, problems, next }) =>
    [
      `${what} of ${root}: ${problems.length === 0 ? 'no problems' : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`}`,
      ...table(items),
      ...(more === undefined ? [] : [`  … ${more} more`]),
      ...problems.map((one) => `! ${one.what} ${one.fix}`),
      ...(next === undefined ? [] : [next]),
    ].join('\n'),
  exitCode: ({ what, problems }) => (what === 'audit' && problems.length > 0 ? 1 : 0),
});

function table(items: readonly Item[]): string[] {
  const width = Math.max(0, ...items.map(({ name }) => name.length));
  return items.map(({ name, text, age_days, bytes }) =>
    [
      `  ${name.padEnd(width)}`,
      text,
      ...(age_days === undefined ? [] : [`${counted(age_days, 'day')} old`]),
      ...(bytes === undefined ? [] : [size(bytes)]),
    ].join('  '),
  );
}
