import { randomUUID } from 'node:crypto';
import { customAlphabet } from 'nanoid';

/** Twelve characters that need no quoting anywhere; unique enough for ids within a project. */
export const newId: () => string = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 12);

export function newUuid(): string {
  return randomUUID();
}
