/** The known word that a mistyped one most likely means, or null when none is near. */
export function closest(word: string, known: Iterable<string>): string | null {
  let best: string | null = null;
  let bestEdits = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    // The difference in length is a lower bound of the edits; most candidates end here.
    if (Math.abs(candidate.length - word.length) >= bestEdits) continue;
    const edits = editsBetween(word.toLowerCase(), candidate.toLowerCase());
    if (edits < bestEdits) [best, bestEdits] = [candidate, edits];
  }
  return best;
}

/** ` Did you mean x?` or nothing, to be put behind a sentence. */
export function didYouMean(word: string, known: Iterable<string>): string | null {
  const near = closest(word.slice(0, 64), known);
  return near === null ? null : `Did you mean ${near}?`;
}

/** Letters to add, drop, change or swap with their neighbour. */
function editsBetween(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? row + column;
  for (let row = 1; row <= left.length; row += 1) {
    const next = [row];
    rows.push(next);
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      const swapped =
        row > 1 &&
        column > 1 &&
        left[row - 1] === right[column - 2] &&
        left[row - 2] === right[column - 1];
      next.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + (same ? 0 : 1),
          swapped ? at(row - 2, column - 2) + 1 : left.length + right.length,
        ),
      );
    }
  }
  return at(left.length, right.length);
}
