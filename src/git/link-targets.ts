import { newId } from '../platform/ids.ts';
import type { Git } from './git.ts';
import type { RawChange } from './raw-changes.ts';

/**
 * Object to the text of the link, for all links the changes leave behind. One process reads them all: a worker may leave thousands. The
 * mark cannot occur in a target, because nobody knew it before.
 */
export async function linkTargets(
  git: Git,
  changes: readonly RawChange[],
): Promise<Map<string, string>> {
  const objects = changes
    .filter((change) => change.newMode === '120000')
    .map((change) => change.newObject);
  if (objects.length === 0) return new Map();
  const mark = `mo-${newId()}`;
  const text = await git.text(['cat-file', `--batch=${mark} %(objectname)`], {
    stdin: `${objects.join('\n')}\n`,
  });
  return new Map(
    text
      .split(`${mark} `)
      .slice(1)
      .map((part) => {
        const end = part.indexOf('\n');
        return [part.slice(0, end), part.slice(end + 1, -1)];
      }),
  );
}
