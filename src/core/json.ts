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
