/** Texts in events are for reading along; the whole answer is kept for the conclusion. */
const eventLength = 4_000;
const answerLength = 1_000_000;

/** At most about 4 kB, with a mark where something is missing. */
export function shorten(text: string): string {
  return cut(text, eventLength);
}

/** The same on one line. */
export function oneLine(text: string): string {
  return cut(
    cut(text, eventLength * 2)
      .replace(/\s+/g, ' ')
      .trim(),
    eventLength,
  );
}

/** The final answer: whole up to 1 MB. */
export function wholeAnswer(text: string): string {
  return cut(text, answerLength);
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  // Half a surrogate pair would not survive being written as UTF-8.
  const end = isHighSurrogate(text.charCodeAt(length - 2)) ? length - 2 : length - 1;
  return `${text.slice(0, end)}…`;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
