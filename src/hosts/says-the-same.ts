import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../core/json.ts';

/** Whether two files say the same, but for tables that hold nothing: a host may leave one behind. */
export function saysTheSame(one: Json, other: Json): boolean {
  return isDeepStrictEqual(filled(one) ?? null, filled(other) ?? null);
}

function filled(value: Json): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const fields = Object.entries(value).flatMap(([key, inner]) => {
    const left = filled(inner);
    return left === undefined ? [] : [[key, left] as const];
  });
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}
