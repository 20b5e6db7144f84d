/** The arguments of a child process of a test. */
export function argument(place: number): string {
  const value = process.argv[place + 2];
  if (value === undefined) throw new Error(`argument ${place} is missing`);
  return value;
}
