/** `a,b` as a flag takes it, behind what it was given before, each once. */
export function names(text: string, before: readonly string[] = []): string[] {
  const given = text.split(',').map((name) => name.trim());
  return [...new Set([...before, ...given])].filter((name) => name !== '');
}
