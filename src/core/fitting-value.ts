import { z } from 'zod';
import { innerSchemas } from './inner-schemas.ts';

/**
 * What was probably meant by a value of the wrong kind: `{"allow": ["src/**"]}` by `["src/**"]` where a mapping with a list is wanted,
 * 900 by `15m` where seconds are. null: nothing that would fit.
 */
export function fittingValue(
  schema: z.core.$ZodType,
  found: unknown,
  name: string,
): { value: unknown } | null {
  const fitting = candidates(schema, found, name).find(
    (value) => value !== undefined && z.safeParse(schema, value).success,
  );
  return fitting === undefined ? null : { value: fitting };
}

function candidates(schema: z.core.$ZodType, found: unknown, name: string): unknown[] {
  return innerSchemas(schema).flatMap((one) => {
    if (one instanceof z.ZodObject) return fieldsFor(one, found);
    if (one instanceof z.ZodRecord) return [entryIn(found)];
    if (one instanceof z.ZodArray) return [[found]];
    if (one instanceof z.ZodNumber) return [numberIn(found, name)];
    return one instanceof z.ZodBoolean ? [truthIn(found)] : [];
  });
}

/** The field that must be there goes before those that may. */
function fieldsFor({ shape }: z.ZodObject, found: unknown): unknown[] {
  const fields = Object.entries(shape).map(([name, field]) => ({
    name,
    isOptional: z.safeParse(field, undefined).success,
  }));
  return fields
    .toSorted((left, right) => Number(left.isOptional) - Number(right.isOptional))
    .flatMap(({ name }) => [{ [name]: found }, { [name]: [found] }]);
}

function entryIn(found: unknown): unknown {
  const [, key, value] = /^([\w-]+)=(.*)$/s.exec(typeof found === 'string' ? found : '') ?? [];
  return key === undefined ? undefined : { [key]: value };
}

const seconds: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

function numberIn(found: unknown, name: string): unknown {
  const [, digits, unit] = /^(-?\d+(?:\.\d+)?)(ms|[smh])?$/.exec(String(found)) ?? [];
  if (typeof found !== 'string' || digits === undefined) return undefined;
  if (unit === undefined) return Number(digits);
  return name.endsWith('_s') ? Number(digits) * (seconds[unit] ?? 1) : undefined;
}

function truthIn(found: unknown): unknown {
  if (found === 'true' || found === 'yes') return true;
  return found === 'false' || found === 'no' ? false : undefined;
}
