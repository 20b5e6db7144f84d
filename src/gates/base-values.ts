import type { Git } from '../git/git.ts';

/** Which of the values stand in the base already. They go to git by stdin: an argument could be read by every user of the machine. */
export async function valuesInBase(
  git: Git,
  base: string,
  values: readonly string[],
): Promise<ReadonlySet<string>> {
  const telling = new Map(values.map((value) => [value, tellingLine(value)]));
  if (telling.size === 0) return new Set();
  const { stdout } = await git.run(
    ['grep', '-h', '-o', '-a', '-F', '--no-color', '--no-recurse-submodules', '-f', '-', base],
    { stdin: `${[...telling.values()].join('\n')}\n`, accept: [0, 1], cutAt: 10_000_000 },
  );
  const standing = new Set(stdout.split('\n'));
  return new Set(values.filter((value) => standing.has(telling.get(value) ?? value)));
}

/** git searches line by line, so a key of many lines is known by its longest. */
function tellingLine(value: string): string {
  return value
    .split(/\r?\n|\\n/)
    .reduce((best, line) => (line.length > best.length ? line : best), '');
}
