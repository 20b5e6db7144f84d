import type { ASTNode } from '@marcbachmann/cel-js';

/** One name from outside: `review.findings[0].title` reads root `review`, path `['findings']`. `at`: where in the text, from 0. */
export type Read = { root: string; path: readonly string[]; at: number };

/** What an expression reads, in the order of its text. */
export function readsOf(
  ast: ASTNode,
): { reads: Read[] } | { error: { what: string; fix: string; at: number } } {
  const walk: Walk = { reads: [], refused: null };
  visit(ast, { bound: new Set(), loops: 0 }, walk);
  return walk.refused === null ? { reads: walk.reads } : { error: walk.refused };
}

type Walk = { reads: Read[]; refused: { what: string; fix: string; at: number } | null };
type Scope = { bound: ReadonlySet<string>; loops: number };

const maxLoops = 3;
const loops = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
/** Names of CEL itself, as in `type(x) == int`. */
const typeNames = new Set(
  'int uint double string bool bytes list map null_type type dyn'.split(' '),
);

function visit(node: ASTNode, scope: Scope, walk: Walk): void {
  switch (node.op) {
    case 'value':
      return;
    case 'id':
      addRead({ root: node.args, path: [], at: node.start }, scope, walk);
      return;
    case '.':
    case '.?':
    case '[]':
    case '[?]':
      visitAccess(node, scope, walk);
      return;
    case 'call':
      for (const one of node.args[1]) visit(one, scope, walk);
      return;
    case 'rcall':
      visitMethod(node, scope, walk);
      return;
    case 'map':
      for (const one of node.args.flat()) visit(one, scope, walk);
      return;
    case '!_':
    case '-_':
      visit(node.args, scope, walk);
      return;
    case '!=':
    case '%':
    case '&&':
    case '*':
    case '+':
    case '-':
    case '/':
    case '<':
    case '<=':
    case '==':
    case '>':
    case '>=':
    case '?:':
    case 'in':
    case 'list':
    case '||':
      for (const one of node.args) visit(one, scope, walk);
  }
}

/** The fields that follow a name, as far as they stand in the text; what comes behind an index that is worked out is not known. */
function visitAccess(
  node: Extract<ASTNode, { op: '.' | '.?' | '[]' | '[?]' }>,
  scope: Scope,
  walk: Walk,
): void {
  let at: ASTNode = node;
  let path: string[] = [];
  while (at.op === '.' || at.op === '.?' || at.op === '[]' || at.op === '[?]') {
    const [inner, key]: readonly [ASTNode, ASTNode | string] = at.args;
    if (typeof key === 'string') {
      path.unshift(key);
    } else if (key.op === 'value' && typeof key.args === 'string') {
      path.unshift(key.args);
    } else {
      path = [];
      visit(key, scope, walk);
    }
    at = inner;
  }
  if (at.op === 'id') addRead({ root: at.args, path, at: at.start }, scope, walk);
  else visit(at, scope, walk);
}

function visitMethod(node: Extract<ASTNode, { op: 'rcall' }>, scope: Scope, walk: Walk): void {
  const [name, receiver, args] = node.args;
  visit(receiver, scope, walk);
  const [variable, ...rest] = args;
  if (!loops.has(name) || variable?.op !== 'id') {
    for (const one of args) visit(one, scope, walk);
    return;
  }
  if (scope.loops >= maxLoops) {
    walk.refused ??= {
      what: `more than ${maxLoops} loops stand inside each other.`,
      fix: 'Loop over less, or let a command node work it out.',
      at: node.start,
    };
    return;
  }
  const inside = { bound: new Set([...scope.bound, variable.args]), loops: scope.loops + 1 };
  for (const one of rest) visit(one, inside, walk);
}

function addRead(read: Read, scope: Scope, walk: Walk): void {
  if (scope.bound.has(read.root)) return;
  if (read.root === 'cel' || read.root === 'google') {
    walk.refused ??= {
      what: `${read.root} is not known here.`,
      fix: 'Use the handoffs of the nodes in needs, inputs and run.',
      at: read.at,
    };
    return;
  }
  if (!typeNames.has(read.root) || read.path.length > 0) walk.reads.push(read);
}
