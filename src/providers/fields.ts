import { json, type Json } from '../core/json.ts';

/** An object out of a worker's stream, of which nothing is known. Read it only with the functions below: they never throw. */
export type Fields = { readonly [name: string]: unknown };

/** The JSON object a line holds, or null. Schemas per line would cost most of the time a flooding worker leaves us. */
export function readFields(line: string): Fields | null {
  try {
    return fieldsOf(JSON.parse(line));
  } catch {
    return null;
  }
}

export function fieldsOf(value: unknown): Fields | null {
  return isFields(value) ? value : null;
}

export function objectIn(fields: Fields | null, name: string): Fields | null {
  return fieldsOf(fields?.[name]);
}

export function textIn(fields: Fields | null, name: string): string | null {
  const value = fields?.[name];
  return typeof value === 'string' ? value : null;
}

/** What names the kind of a thing; empty where nothing does. */
export function kindIn(fields: Fields | null, name: 'type' | 'subtype'): string {
  return textIn(fields, name) ?? '';
}

export function numberIn(fields: Fields | null, name: string): number | null {
  const value = fields?.[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** A count of something: never below 0, 0 where there is none. The bound keeps sums of nonsense finite. */
export function countIn(fields: Fields | null, name: string): number {
  return Math.min(Math.max(0, numberIn(fields, name) ?? 0), 1e15);
}

export function listIn(fields: Fields | null, name: string): readonly unknown[] {
  const value = fields?.[name];
  return Array.isArray(value) ? value : [];
}

export function objectsIn(fields: Fields | null, name: string): readonly Fields[] {
  return listIn(fields, name).filter(isFields);
}

export function jsonIn(fields: Fields | null, name: string): Json | null {
  const parsed = json.safeParse(fields?.[name]);
  return parsed.success ? parsed.data : null;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
