import { MoError } from '../core/problem.ts';
import { closest } from '../core/closest.ts';
import { toolsets, type OperationCard } from '../operations/operation.ts';

export type ServedWish = {
  toolsets: readonly string[];
  readOnly: boolean;
  exclude: readonly string[];
};

/** The operations a server offers, in their fixed order. A name that does not exist is an error: a tool that was to be kept out must not slip in. */
export function chooseOperations<O extends OperationCard>(
  all: readonly O[],
  wish: ServedWish,
): O[] {
  if (wish.toolsets.length === 0) throw noToolset();
  for (const name of wish.toolsets) refuseUnknown('toolset', name, toolsets);
  const names = all.map(({ name }) => name);
  for (const name of wish.exclude) refuseUnknown('tool', name, names);
  const left = all.filter(
    (operation) =>
      wish.toolsets.includes(operation.toolset) &&
      !wish.exclude.includes(operation.name) &&
      (!wish.readOnly || operation.kind === 'read'),
  );
  if (left.length === 0) throw noTool();
  return left;
}

function noToolset(): MoError {
  return new MoError({
    code: 'bad-input',
    what: 'No toolset is named.',
    fix: `Known: ${toolsets.join(', ')}; all of them where none is asked for.`,
  });
}

function noTool(): MoError {
  return new MoError({
    code: 'bad-input',
    what: 'No tool is left to serve.',
    fix: 'Exclude fewer, or name more toolsets.',
  });
}

function refuseUnknown(kind: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  const meant = closest(name, known);
  throw new MoError({
    code: 'bad-input',
    what: `There is no ${kind} ${name}.`,
    fix: meant === null ? `Known: ${known.join(', ')}.` : `Did you mean ${meant}?`,
  });
}
