/** `offset` counts characters from 0. */
export type JsonProblem = { offset: number; message: string };

/** What a text lets stand that strict JSON does not. */
type Leniency = { comments: boolean };

/**
 * The first thing that makes a text no JSON; null: it is JSON. `JSON.parse` does not always say where. With `comments` also comments and
 * commas before a closing bracket are let stand, as in `tsconfig.json`. No recursion, and one pass: the text may be nested however deep.
 */
export function jsonProblem(text: string, { comments }: Leniency): JsonProblem | null {
  const open: string[] = [];
  let wants: Wants = 'value';
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  for (;;) {
    at = afterBlanks(text, at, comments);
    const letter = text[at];
    if (letter === undefined) {
      const isWhole = open.length === 0 && wants === 'comma';
      return isWhole ? null : { offset: text.length, message: 'The text ends too early' };
    }
    if (isClosing(letter, open, wants, comments)) {
      open.pop();
      wants = 'comma';
      at += 1;
    } else if (wants === 'comma') {
      if (letter !== ',' || open.length === 0) return unexpected(text, at, open.at(-1));
      wants = open.at(-1) === '}' ? 'next key' : 'next value';
      at += 1;
    } else if (wants === 'colon') {
      if (letter !== ':') return { offset: at, message: `${show(letter)} instead of a colon` };
      wants = 'value';
      at += 1;
    } else if (wants === 'key' || wants === 'next key') {
      if (letter !== '"') return { offset: at, message: `${show(letter)} instead of a key` };
      const end = afterString(text, at);
      if (typeof end === 'object') return end;
      wants = 'colon';
      at = end;
    } else if (letter === '{' || letter === '[') {
      open.push(letter === '{' ? '}' : ']');
      wants = letter === '{' ? 'key' : 'first value';
      at += 1;
    } else {
      const end = letter === '"' ? afterString(text, at) : afterWord(text, at);
      if (typeof end === 'object') return end;
      wants = 'comma';
      at = end;
    }
  }
}

type Wants = 'value' | 'first value' | 'next value' | 'key' | 'next key' | 'colon' | 'comma';

function isClosing(
  letter: string,
  open: readonly string[],
  wants: Wants,
  comments: boolean,
): boolean {
  if (letter !== open.at(-1)) return false;
  if (wants === 'comma' || wants === 'first value' || wants === 'key') return true;
  return comments && (wants === 'next value' || wants === 'next key');
}

function afterBlanks(text: string, start: number, comments: boolean): number {
  let at = start;
  for (;;) {
    const letter = text[at];
    if (letter === ' ' || letter === '\n' || letter === '\r' || letter === '\t') {
      at += 1;
    } else if (comments && letter === '/' && text[at + 1] === '/') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else if (comments && letter === '/' && text[at + 1] === '*') {
      const end = text.indexOf('*/', at + 2);
      if (end < 0) return at;
      at = end + 2;
    } else {
      return at;
    }
  }
}

function afterString(text: string, start: number): number | JsonProblem {
  for (let at = start + 1; at < text.length; at += 1) {
    const letter = text[at] ?? '';
    if (letter === '"') return at + 1;
    if (letter < ' ') return { offset: at, message: 'A line break or control character in a text' };
    if (letter !== '\\') continue;
    escape.lastIndex = at;
    if (!escape.test(text)) return { offset: at, message: 'An escape that JSON does not know' };
    at = escape.lastIndex - 1;
  }
  return { offset: start, message: 'A text that does not end' };
}

const escape = /\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/y;
const word = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

function afterWord(text: string, at: number): number | JsonProblem {
  word.lastIndex = at;
  return word.test(text)
    ? word.lastIndex
    : { offset: at, message: `${show(text[at] ?? '')} instead of a value` };
}

function unexpected(text: string, at: number, closing: string | undefined): JsonProblem {
  const found = show(text[at] ?? '');
  return {
    offset: at,
    message:
      closing === undefined
        ? `${found} after the end of the value`
        : `${found} instead of a comma or ${closing}`,
  };
}

function show(letter: string): string {
  return JSON.stringify(letter);
}
