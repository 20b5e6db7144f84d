import { didYouMean } from '../core/closest.ts';
import type { Path } from '../core/schema-problems.ts';
import type { PlacedProblem } from '../platform/yaml-text.ts';
import { listExpression } from './expand.ts';
import { compileExpression, type ExpressionError } from './expression.ts';
import type { Read } from './expression-reads.ts';
import { fieldProblem, handoffSchemaOf, type HandoffSchema } from './handoff-fields.ts';
import type { LooseFile, LooseNode } from './loose-file.ts';

/** Expressions that do not parse, that give something else than is asked for, or that read what will not be there. */
export async function expressionProblems(file: LooseFile): Promise<PlacedProblem[]> {
  const problems: PlacedProblem[] = [];
  for (const [name, node] of Object.entries(file.nodes ?? {})) {
    for (const wanted of expressionsOf(name, node)) {
      if (problems.length >= maxProblems) return problems;
      const found = await problemsOf(wanted, { name, node, file });
      problems.push(...found.map(({ what, fix, at }) => placedAt(wanted, { what, fix, at })));
    }
  }
  return problems;
}

const maxProblems = 100;
const runFields = ['id', 'goal', 'cycles', 'usd', 'tokens'];

type Wanted = { path: Path; text: string; gives: 'bool' | 'list'; isWritten: boolean };
type Place = { name: string; node: LooseNode; file: LooseFile };

function expressionsOf(name: string, node: LooseNode): Wanted[] {
  const path = ['nodes', name];
  const { when, over, kind } = node;
  return [
    ...(when === undefined ? [] : [asked([...path, 'when'], when)]),
    ...(kind === 'gate'
      ? node.pass_when.map((text, index) => asked([...path, 'pass_when', index], text))
      : []),
    ...(kind === 'map' && over !== undefined
      ? [
          {
            path: [...path, 'over'],
            text: typeof over === 'string' ? over : listExpression(over),
            gives: 'list' as const,
            isWritten: typeof over === 'string',
          },
        ]
      : []),
  ];
}

function asked(path: Path, text: string): Wanted {
  return { path, text, gives: 'bool', isWritten: true };
}

function placedAt({ path, isWritten }: Wanted, { what, fix, at }: ExpressionError): PlacedProblem {
  return { path, at: 'value', what, fix, ...(isWritten ? { inside: at } : {}) };
}

async function problemsOf(wanted: Wanted, place: Place): Promise<ExpressionError[]> {
  const compiled = await compileExpression(wanted.text, { hasSources: wanted.gives === 'list' });
  if ('error' in compiled) return [withHint(compiled.error, wanted, place)];
  const { reads, gives } = compiled.expression;
  const problems = reads.flatMap((read) => readProblem(read, wanted, place) ?? []);
  const fits = gives === 'dyn' || gives === wanted.gives || gives.startsWith(`${wanted.gives}<`);
  if (problems.length > 0 || fits) return problems;
  return [
    wanted.gives === 'bool'
      ? {
          what: `the expression gives ${kindName(gives)}, not true or false.`,
          fix: 'Compare it with something: == "pass", > 0.',
          at: 0,
        }
      : {
          what: `the expression gives ${kindName(gives)}, not a list.`,
          fix: 'Use files("src/**"), lines("list.txt"), an input of type list, or a list in a handoff.',
          at: 0,
        },
  ];
}

function kindName(type: string): string {
  const [name = ''] = type.split('<');
  const names = new Map([
    ['bool', 'true or false'],
    ['string', 'a text'],
    ['list', 'a list'],
    ['map', 'a map'],
    ['null', 'null'],
  ]);
  return names.get(name) ?? (['int', 'uint', 'double'].includes(name) ? 'a number' : `a ${name}`);
}

function readProblem(
  { root, path, at }: Read,
  wanted: Wanted,
  place: Place,
): ExpressionError | null {
  const { needs } = place.node;
  if (root === 'inputs') return unknownName(path[0], Object.keys(place.file.inputs), 'input', at);
  if (root === 'run') return unknownName(path[0], runFields, 'field of run called', at);
  if (root !== 'nodes') {
    return needs.includes(root)
      ? fieldError(root, path, { at, place })
      : withHint(outside(root, at, place), wanted, place);
  }
  const [name, ...rest] = path;
  if (name === undefined) return null;
  return needs.includes(name) ? fieldError(name, rest, { at, place }) : outside(name, at, place);
}

function unknownName(
  name: string | undefined,
  known: readonly string[],
  kind: string,
  at: number,
): ExpressionError | null {
  if (name === undefined || known.includes(name)) return null;
  const list = known.length === 0 ? 'The file declares none.' : `Known: ${known.join(', ')}.`;
  return { what: `there is no ${kind} ${name}.`, fix: didYouMean(name, known) ?? list, at };
}

/** A name that is no node this one needs. */
function outside(name: string, at: number, { name: self, node, file }: Place): ExpressionError {
  if (name === self) {
    return {
      what: `${name} has no handoff before it has run.`,
      fix: `Use the handoffs of what it needs: ${node.needs.join(', ') || 'nothing yet'}.`,
      at,
    };
  }
  if (Object.hasOwn(file.nodes ?? {}, name)) {
    return {
      what: `${name} is not among the needs of ${self}, so its handoff may not be there.`,
      fix: `Write needs: [${[...node.needs, name].join(', ')}].`,
      at,
    };
  }
  const known = [...node.needs, 'inputs', 'run', 'nodes'];
  return {
    what: `there is no ${name} here.`,
    fix: didYouMean(name, known) ?? `Known: ${known.join(', ')}.`,
    at,
  };
}

/** `a-b.status` is a minus to CEL. */
function withHint(error: ExpressionError, { text }: Wanted, { node }: Place): ExpressionError {
  const name = node.needs.find(
    (need) =>
      !/^[a-z_][a-z0-9_]*$/.test(need) &&
      !text.includes(`"${need}"`) &&
      !text.includes(`'${need}'`) &&
      text.slice(0, error.at + need.length).includes(need),
  );
  return name === undefined
    ? error
    : {
        ...error,
        fix: `Write nodes["${name}"]: a name with - or a digit in front is no word of CEL.`,
      };
}

function fieldError(
  name: string,
  path: readonly string[],
  { at, place: { file } }: { at: number; place: Place },
): ExpressionError | null {
  const node = file.nodes?.[name];
  // A need that does not exist is told elsewhere.
  const schema: HandoffSchema | null = node === undefined ? null : handoffSchemaOf(node);
  const problem = schema === null ? null : fieldProblem(schema, path);
  return problem === null ? null : { what: `${name}: ${problem.what}`, fix: problem.fix, at };
}
