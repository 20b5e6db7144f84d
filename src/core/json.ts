import { z } from 'zod';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export const json: z.ZodType<Json> = z.json();

/** The value of a JSON text, or null when it is not JSON. Never throws. */
export function parseJson(text: string): { value: Json } | null {
  try {
    return { value: json.parse(JSON.parse(text)) };
  } catch {
    return null;
  }
}

/** A field of a map, its own only; undefined where there is none. */
export function fieldOf(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
