import { MoError } from '../core/problem.ts';

/** Where a controller has read to: events of the run, changes of its workers' summaries, and how many attention flags it knows of. */
export type Cursor = { seq: number; version: number; flags: number };

/** `1a.3f.0`: short, because a controller sends it back with every poll. */
export function writeCursor(cursor: Cursor): string {
  return [cursor.seq, cursor.version, cursor.flags].map((part) => part.toString(36)).join('.');
}

export function readCursor(text: string): Cursor {
  if (!/^[0-9a-z]{1,10}(\.[0-9a-z]{1,10}){2}$/.test(text)) throw badCursor(text);
  const [seq = 0, version = 0, flags = 0] = text
    .split('.')
    .map((part) => Number.parseInt(part, 36));
  return { seq, version, flags };
}

/** `7:1a.3f.0,8:2.0.0`: one cursor for each active run, by its number. */
export function writeCursors(cursors: ReadonlyMap<number, Cursor>): string {
  return (
    [...cursors].map(([number, cursor]) => `${number}:${writeCursor(cursor)}`).join(',') || '0'
  );
}

export function readCursors(text: string): Map<number, Cursor> {
  if (text === '0') return new Map();
  return new Map(
    text.split(',').map((part) => {
      const [, number, cursor] = /^([0-9]+):(.+)$/.exec(part) ?? [];
      if (number === undefined || cursor === undefined) throw badCursor(text);
      return [Number(number), readCursor(cursor)];
    }),
  );
}

function badCursor(text: string): MoError {
  return new MoError({
    code: 'bad-input',
    what: `${text.slice(0, 40)} is no cursor of this call.`,
    fix: 'Send the cursor of the last answer unchanged, or none to see everything.',
  });
}
