import type { Json } from './json.ts';

type Schema = { [keyword: string]: Json };

/**
 * The JSON Schema as OpenAI's structured output takes it: every object closed, every property required; what was optional may be
 * null instead. Keywords outside the strict subset are left out, so an answer still has to be checked against the schema itself.
 * Null when it cannot be said that way (open maps, `allOf`, anything goes) or describes no object.
 */
export function strictSchema(schema: Json): Json | null {
  const strict = strictPart(schema);
  if (strict === null || strict['type'] !== 'object') return null;
  const $defs = strictParts(definitionsOf(schema));
  if ($defs === null) return null;
  return Object.keys($defs).length === 0 ? strict : { ...strict, $defs };
}

/**
 * Undoes in an answer what `strictSchema` did to its schema: takes out every null that stands where the schema knows no null.
 * Harmless for answers that were never forced.
 */
export function withoutFillers(schema: Json, answer: Json): Json {
  return cleaned(variants(schema, definitionsOf(schema)), answer, definitionsOf(schema));
}

function strictPart(schema: Json): Schema | null {
  if (!isSchema(schema)) return null;
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    return { $ref: reference.replace(/^#\/definitions\//, '#/$defs/') };
  }
  const choices = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(choices)) {
    const anyOf = choices.map(strictPart).filter((part) => part !== null);
    return anyOf.length === choices.length ? { ...pick(schema, ['description']), anyOf } : null;
  }
  if ('allOf' in schema || 'not' in schema || 'if' in schema) return null;
  const strict = pick(schema, ['type', 'title', 'description', 'enum', 'const']);
  if (mayBe(schema, 'object')) return strictObject(schema, strict);
  if (mayBe(schema, 'array')) {
    const items = strictPart(schema['items'] ?? null);
    return items === null ? null : { ...strict, items };
  }
  return 'type' in strict || 'enum' in strict || 'const' in strict ? strict : null;
}

function strictObject(schema: Schema, strict: Schema): Schema | null {
  const isMap = isSchema(schema['additionalProperties'] ?? null) || 'patternProperties' in schema;
  if (isMap || !isSchema(schema['properties'] ?? null)) return null;
  const properties = strictParts(propertiesOf(schema));
  if (properties === null) return null;
  const required = schema['required'];
  for (const [name, part] of Object.entries(properties)) {
    const isRequired = Array.isArray(required) && required.includes(name);
    if (!isRequired) properties[name] = nullable(part);
  }
  return { ...strict, properties, required: Object.keys(properties), additionalProperties: false };
}

function strictParts(parts: Schema): { [name: string]: Schema } | null {
  const fitted: [string, Schema][] = [];
  for (const [name, part] of Object.entries(parts)) {
    const strict = strictPart(part);
    if (strict === null) return null;
    fitted.push([name, strict]);
  }
  return Object.fromEntries(fitted);
}

function nullable(schema: Schema): Schema {
  if (variants(schema, {}).some(allowsNull)) return schema;
  const choices = schema['anyOf'];
  const others = Array.isArray(choices) ? choices : [schema];
  return { ...pick(schema, ['description']), anyOf: [...others, { type: 'null' }] };
}

function cleaned(schemas: readonly Schema[], answer: Json, definitions: Schema): Json {
  if (Array.isArray(answer)) {
    const items = schemas.flatMap((schema) => variants(schema['items'] ?? null, definitions));
    return answer.map((item) => cleaned(items, item, definitions));
  }
  if (!isSchema(answer)) return answer;
  const left: [string, Json][] = [];
  for (const [name, value] of Object.entries(answer)) {
    const parts = schemas
      .map(propertiesOf)
      .filter((properties) => Object.hasOwn(properties, name))
      .flatMap((properties) => variants(properties[name] ?? null, definitions));
    const isFiller = value === null && parts.length > 0 && !parts.some(allowsNull);
    if (!isFiller) left.push([name, cleaned(parts, value, definitions)]);
  }
  return Object.fromEntries(left);
}

/** The schema itself, or what it may stand for. The depth ends references that only lead to each other. */
function variants(schema: Json, definitions: Schema, depth = 0): Schema[] {
  if (!isSchema(schema) || depth > 10) return [];
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    const name = reference.split('/').at(-1) ?? '';
    const target = Object.hasOwn(definitions, name) ? (definitions[name] ?? null) : null;
    return variants(target, definitions, depth + 1);
  }
  const choices = schema['anyOf'] ?? schema['oneOf'];
  if (!Array.isArray(choices)) return [schema];
  return choices.flatMap((choice) => variants(choice, definitions, depth + 1));
}

function allowsNull(schema: Schema): boolean {
  const named = schema['enum'];
  const isOpen = !('type' in schema) && named === undefined && !('const' in schema);
  const isNamed = schema['const'] === null || (Array.isArray(named) && named.includes(null));
  return isOpen || isNamed || mayBe(schema, 'null');
}

function mayBe(schema: Schema, type: string): boolean {
  const given = schema['type'];
  return Array.isArray(given) ? given.includes(type) : given === type;
}

function pick(schema: Schema, names: readonly string[]): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => names.includes(name)));
}

function propertiesOf(schema: Schema): Schema {
  const properties = schema['properties'] ?? null;
  return isSchema(properties) ? properties : {};
}

function definitionsOf(schema: Json): Schema {
  if (!isSchema(schema)) return {};
  const definitions = schema['$defs'] ?? schema['definitions'] ?? null;
  return isSchema(definitions) ? definitions : {};
}

function isSchema(value: Json): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
