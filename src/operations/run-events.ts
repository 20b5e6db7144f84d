import type { Store } from '../store/store.ts';
import { hardCap, wholeCharacters, type Cut } from './page.ts';

/** `end` is the cursor behind the page; `isMore`: something is already there behind it. */
export type EventPage = { text: string; end: number; bytes: number; isMore: boolean };

/** A cursor is the number of the last whole event, and how many bytes of the next one are read: one event may be longer than a page. */
const bytesOfCursor = 100_000_000;

const rowsAtOnce = 200;

export function seqOfCursor(cursor: number): number {
  return Math.floor(cursor / bytesOfCursor);
}

/** Events of a run as JSON lines, from a cursor on. Reads what it shows and nothing before it. */
export function pageOfEvents(store: Store, runId: string, cut: Cut): EventPage {
  let seq = seqOfCursor(cut.from);
  let skip = cut.from % bytesOfCursor;
  let room = Math.min(cut.most, hardCap);
  const parts: Buffer[] = [];
  const ended = (isMore: boolean): EventPage => {
    const text = Buffer.concat(parts);
    return { text: text.toString(), end: seq * bytesOfCursor + skip, bytes: text.length, isMore };
  };
  for (;;) {
    const rows = store.readEvents(runId, seq, rowsAtOnce);
    for (const { seq: number, at, event } of rows) {
      const line = Buffer.from(
        `${JSON.stringify({ seq: number, at: new Date(at).toISOString(), ...event })}\n`,
      ).subarray(skip);
      if (line.length > room) {
        // A line is cut only where it would fill a page of its own.
        if (parts.length > 0) return ended(true);
        const length = wholeCharacters(line.subarray(0, room));
        parts.push(line.subarray(0, length));
        skip += length;
        return ended(true);
      }
      parts.push(line);
      room -= line.length;
      seq = number;
      skip = 0;
    }
    if (rows.length < rowsAtOnce) return ended(false);
  }
}
