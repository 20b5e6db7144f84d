/** A line, or what is left of one that was too long to keep. */
export type Line = string | { leftOutBytes: number; head: string };

export type LineSplitter = {
  /** The lines that `chunk` completes. The chunk may be reused afterwards. */
  push: (chunk: Buffer) => Line[];
  /** The line the stream ended in the middle of, or null. */
  end: () => Line | null;
  /** Bytes of the line that is not complete yet. */
  pendingBytes: () => number;
};

const headBytes = 200;

/**
 * Splits on `\n` only: JSON may hold every other line break raw. Bytes are decoded line by line, so a character cut in two by a
 * chunk is whole again, and one that is no UTF-8 becomes U+FFFD. Holds at most `maxBytes` of an unfinished line.
 */
export function createLineSplitter(maxBytes: number): LineSplitter {
  let held: Buffer[] = [];
  let heldBytes = 0;
  /** Of a line that is being left out: its first bytes, already decoded. */
  let head: string | null = null;

  const hold = (part: Buffer): void => {
    heldBytes += part.length;
    if (head !== null || part.length === 0) return;
    held.push(Buffer.from(part));
    if (heldBytes <= maxBytes) return;
    head = decode(held, headBytes);
    held = [];
  };
  const takeHeld = (): Line => {
    const line = head === null ? decode(held, heldBytes) : { leftOutBytes: heldBytes, head };
    held = [];
    heldBytes = 0;
    head = null;
    return line;
  };

  return {
    push: (chunk) => {
      const last = chunk.lastIndexOf(10);
      if (last === -1) {
        hold(chunk);
        return [];
      }
      let begun: Line[] = [];
      let from = 0;
      if (heldBytes > 0) {
        from = chunk.indexOf(10) + 1;
        hold(chunk.subarray(0, from - 1));
        begun = [takeHeld()];
      }
      // `\n` is never part of another character, so all other lines can be decoded at once.
      const whole = from > last ? [] : chunk.toString('utf8', from, last).split('\n');
      hold(chunk.subarray(last + 1));
      return begun.length === 0 ? whole : [...begun, ...whole];
    },
    end: () => (heldBytes === 0 ? null : takeHeld()),
    pendingBytes: () => heldBytes,
  };
}

function decode(parts: readonly Buffer[], bytes: number): string {
  return Buffer.concat(parts, Math.min(bytes, sum(parts))).toString('utf8');
}

function sum(parts: readonly Buffer[]): number {
  return parts.reduce((total, part) => total + part.length, 0);
}
