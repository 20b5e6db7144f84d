import { findKnown, findSecrets, type Secret } from '../core/redact.ts';
import { lintSecrets } from './lint-secrets.ts';

export type ScanLine = { file: string | null; line: number; text: string };

/** A secret and where it stands; `isAllowed` when the line says `mo:allow-secret`. */
export type FoundSecret = {
  kind: string;
  certainty: Secret['certainty'];
  file: string | null;
  line: number;
  value: string;
  isAllowed: boolean;
};

const chunkLength = 1_000_000;
const allowMarker = 'mo:allow-secret';

export type Scan = {
  found: FoundSecret[];
  /** Of which certainty there were more than `most`, so that not all are listed. */
  overflow: ReadonlySet<Secret['certainty']>;
};

/**
 * Every secret of the lines, in whole lines and bounded memory; one that is printed again and again is reported once per file. At most
 * `most` of each certainty, so that a flood of guesses cannot push a real key out of sight. `known`: values that are secret whatever they
 * look like.
 */
export async function scanLines(
  lines: Iterable<ScanLine> | AsyncIterable<ScanLine>,
  most: number,
  known: readonly string[] = [],
): Promise<Scan> {
  const found = { issued: new Map<string, FoundSecret>(), guessed: new Map<string, FoundSecret>() };
  const overflow = new Set<Secret['certainty']>();
  let chunk: ScanLine[] = [];
  let length = 0;
  const scan = async (): Promise<void> => {
    for (const one of await scanChunk(chunk, known)) {
      const key = `${one.file ?? ''}\0${one.value}`;
      const same = found[one.certainty];
      if (same.has(key)) continue;
      if (same.size < most) same.set(key, one);
      else overflow.add(one.certainty);
    }
    chunk = [];
    length = 0;
  };
  for await (const line of lines) {
    chunk.push(line);
    length += line.text.length + 1;
    if (length >= chunkLength) await scan();
  }
  await scan();
  return { found: [...found.issued.values(), ...found.guessed.values()], overflow };
}

async function scanChunk(
  lines: readonly ScanLine[],
  known: readonly string[],
): Promise<FoundSecret[]> {
  if (lines.length === 0) return [];
  const text = lines.map((one) => one.text).join('\n');
  const told = findKnown(known, text);
  const own = outside(findSecrets(text), told);
  const others = outside(await lintSecrets(text), [...told, ...own]);
  const starts = startsOf(lines);
  return [...told, ...own, ...others].flatMap((secret) => {
    const line = lines[indexAt(starts, secret.start)];
    if (line === undefined) return [];
    return [
      {
        kind: secret.kind,
        certainty: secret.certainty,
        file: line.file,
        line: line.line,
        value: text.slice(secret.start, secret.end),
        isAllowed: line.text.includes(allowMarker),
      },
    ];
  });
}

/** Those that none of the others touches. */
function outside(secrets: readonly Secret[], others: readonly Secret[]): Secret[] {
  return secrets.filter(
    (one) => !others.some((other) => one.start < other.end && other.start < one.end),
  );
}

function startsOf(lines: readonly ScanLine[]): number[] {
  let start = 0;
  return lines.map((line) => {
    const own = start;
    start += line.text.length + 1;
    return own;
  });
}

/** The last line that starts at or before a place. */
function indexAt(starts: readonly number[], place: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}
