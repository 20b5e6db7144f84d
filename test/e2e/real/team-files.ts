/** What the workers of the end-to-end runs write: two modules that have nothing to do with each other, each with its test. */
export const teamFiles = {
  slug: {
    'src/slug.js': slug(
      "if (typeof text !== 'string') throw new TypeError('a slug is made of text');",
    ),
    'test/slug.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slug } from '../src/slug.js';

test('words become one lowercase slug', () => {
  assert.equal(slug('  Hello, big World! '), 'hello-big-world');
});
`,
  },
  initials: {
    'src/initials.js': `/** The first letters of a name: 'Ada King Lovelace' gives 'AKL'. */
export function initials(name) {
  return name
    .split(/\\s+/)
    .filter((word) => word !== '')
    .map((word) => word[0].toUpperCase())
    .join('');
}
`,
    'test/initials.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initials } from '../src/initials.js';

test('initials are the first letters of the words', () => {
  assert.equal(initials(' ada king  lovelace'), 'AKL');
});
`,
  },
} as const;

/** The same without its check, which the reviewer misses. */
export const uncheckedSlug = slug('');

/** What the reviewer looks for. */
export const slugCheck = 'a slug is made of text';

/** Its own test finds it: spaces stay. */
export const brokenSlug = `export function slug(text) {
  return text.trim().toLowerCase();
}
`;

function slug(check: string): string {
  return `/** A text as part of a URL: 'Hello, World' gives 'hello-world'. */
export function slug(text) {
${check === '' ? '' : `  ${check}\n`}  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
    .join('-');
}
`;
}
