/** `a,b` as a flag takes it, behind what it was given before. */
export function names(text: string, before: readonly string[] = []): string[] {
  const given = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return [...before, ...given];
}
