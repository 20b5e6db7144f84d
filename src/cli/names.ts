/** `a,b` as a flag takes it, each once. */
export function names(text: string): string[] {
  const all = text.split(',').map((name) => name.trim());
  return [...new Set(all)].filter((name) => name !== '');
}
