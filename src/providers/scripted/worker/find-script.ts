import { readFile } from 'node:fs/promises';
import { scriptFor, type ScriptFor } from '../script.ts';

/**
 * The script of this attempt: the last block of the prompt that has something for the node, else the file that MO_SCRIPT names,
 * else the last `mo-scripted:` line of the prompt. null: there is none.
 */
export async function findScript(
  prompt: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ScriptFor> {
  const node = env['MO_NODE'] ?? '';
  const attempt = Number(env['MO_ATTEMPT_NO'] ?? '1') || 1;
  const lookUp = (source: string, text: string): ScriptFor => {
    const found = scriptOf(text, node, attempt);
    return found !== null && 'problem' in found
      ? { problem: `${source}: ${found.problem}` }
      : found;
  };
  for (const block of blocksOf(prompt).toReversed()) {
    const found = lookUp('the mo-script block of the prompt', block);
    if (found !== null) return found;
  }
  const file = env['MO_SCRIPT'];
  if (file !== undefined && file !== '') {
    const found = lookUp(file, await readFile(file, 'utf8'));
    if (found !== null) return found;
  }
  const line = [...prompt.matchAll(/^[ \t]*mo-scripted:(.*)$/gm)].at(-1)?.[1];
  return line === undefined ? null : lookUp('the mo-scripted line of the prompt', line);
}

function scriptOf(text: string, node: string, attempt: number): ScriptFor {
  try {
    const value: unknown = JSON.parse(text);
    return scriptFor(value, node, attempt);
  } catch (cause) {
    return { problem: cause instanceof Error ? cause.message : String(cause) };
  }
}

function blocksOf(prompt: string): string[] {
  const blocks: string[] = [];
  let open: string[] | null = null;
  for (const line of prompt.split(/\r?\n/)) {
    const fence = line.trim();
    if (open === null && fence === '```mo-script') open = [];
    else if (open !== null && fence === '```') {
      blocks.push(open.join('\n'));
      open = null;
    } else open?.push(line);
  }
  return blocks;
}
