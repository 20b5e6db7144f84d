import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..');
/** README, and all pages of docs and skill. */
export const pages = [
  join(root, 'README.md'),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(root, 'docs', file)),
  ...readdirSync(join(root, 'skill'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(root, 'skill', file)),
];

type Block = { place: string; text: string };

/** The fenced blocks of one language. */
export function blocksOf(page: string, language: string): Block[] {
  const text = readFileSync(page, 'utf8');
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(fence)].map((match) => ({
    place: relative(root, page),
    text: match[1] ?? '',
  }));
}

/** What a reader would type, one command a line; a line that goes on is one. */
export function commandLines(page: string): { place: string; line: string }[] {
  return blocksOf(page, 'sh').flatMap(({ place, text }) =>
    text
      .replaceAll('\\\n', ' ')
      .split('\n')
      .map((line) => line.trim().replace(/^npx -y mo-mcp\b/, 'mo'))
      .filter((line) => line === 'mo' || line.startsWith('mo '))
      .map((line) => ({ place, line })),
  );
}

/**
 * The same inside a sentence, without those that show a form (`mo watch [run]`, `mo watch <run>`), the owner, which is nothing for
 * people, and what a page says is not there yet.
 */
export function commandsInProse(page: string): { place: string; line: string }[] {
  const text = readFileSync(page, 'utf8')
    .replaceAll(/^```[\s\S]*?^```$/gm, '')
    .replace(/^## Not there yet$[\s\S]*/m, '');
  return [...text.matchAll(/`(mo (?!owner|--help)[^`\n<[]+)`/g)].map((match) => ({
    place: relative(root, page),
    line: match[1] ?? '',
  }));
}

/** As a shell would cut it: quotes hold words together, a # after a blank begins a comment. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const match of line.matchAll(/#.*$|((?:"[^"]*"|'[^']*'|[^\s"'])+)/g)) {
    const [whole, word] = match;
    if (word === undefined || whole.startsWith('#')) break;
    words.push(word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'));
  }
  return words;
}
