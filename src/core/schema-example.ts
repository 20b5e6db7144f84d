import type { Json } from './json.ts';

type Shape = { [key: string]: Json };

/**
 * A small value that fits a JSON Schema: what `examples`, `default`, `const` and `enum` say, else the least each type allows. Whoever
 * needs to be sure checks it: patterns, formats and conditions are not looked at.
 */
export function exampleOf(schema: Json): Json {
  return exampleIn(schema, schema, 0);
}

const deepest = 12;

function exampleIn(schema: Json, root: Json, depth: number): Json {
  if (!isShape(schema) || depth > deepest) return null;
  const said = saidBy(schema);
  if (said !== undefined) return said;
  const inside = (inner: Json): Json => exampleIn(inner, root, depth + 1);
  if (typeof schema['$ref'] === 'string') return inside(at(root, schema['$ref']));
  const [choice] = listOf(schema['anyOf'] ?? schema['oneOf']);
  if (choice !== undefined) return inside(choice);
  const parts = listOf(schema['allOf']);
  if (parts.length > 0) return Object.assign({}, ...parts.map(inside));
  switch (typeOf(schema)) {
    case 'object':
      return objectOf(schema, inside);
    case 'array':
      return Array.from({ length: numberOf(schema['minItems']) }, () =>
        inside(schema['items'] ?? null),
      );
    case 'string':
      return 'example'.padEnd(numberOf(schema['minLength']), '.').slice(0, longest(schema));
    case 'number':
    case 'integer':
      return leastOf(schema);
    case 'boolean':
      return true;
    default:
      return null;
  }
}

function typeOf({ type, properties }: Shape): string {
  const [first] = Array.isArray(type) ? type : [type];
  if (typeof first === 'string') return first;
  return properties === undefined ? 'null' : 'object';
}

function saidBy(schema: Shape): Json | undefined {
  const [example] = listOf(schema['examples']);
  const [choice] = listOf(schema['enum']);
  return example ?? schema['default'] ?? schema['const'] ?? choice;
}

function objectOf(schema: Shape, inside: (inner: Json) => Json): Json {
  const fields = isShape(schema['properties']) ? schema['properties'] : {};
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, inside(field)]));
}

function leastOf(schema: Shape): number {
  const above = schema['exclusiveMinimum'];
  if (typeof above === 'number') return above + 1;
  if (typeof schema['minimum'] === 'number') return schema['minimum'];
  const most = schema['maximum'] ?? schema['exclusiveMaximum'];
  return typeof most === 'number' && most <= 0 ? most - 1 : 0;
}

function longest(schema: Shape): number {
  return typeof schema['maxLength'] === 'number' ? schema['maxLength'] : Number.POSITIVE_INFINITY;
}

/** What `#/$defs/x` names. */
function at(root: Json, reference: string): Json {
  let found: Json = root;
  for (const part of reference.split('/').slice(1)) {
    const next = isShape(found) ? found[part.replaceAll('~1', '/').replaceAll('~0', '~')] : null;
    found = next ?? null;
  }
  return found;
}

function numberOf(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0;
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function isShape(value: Json | undefined): value is Shape {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
