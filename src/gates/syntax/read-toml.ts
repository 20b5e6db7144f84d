import { parse, TomlError } from 'smol-toml';
import type { Problem } from './answer.ts';

export function tomlProblems(text: string): Problem[] {
  try {
    parse(text);
    return [];
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    // The first line says what, the others draw it.
    const message = cause.message.split('\n')[0] ?? '';
    return [{ line: cause.line, message: message.replace(/^Invalid TOML document: /, '') }];
  }
}
