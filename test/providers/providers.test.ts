import { expect, test } from 'vitest';
import { providers } from '../../src/providers/providers.ts';

test('every provider has a name of its own that fits a settings file', () => {
  const names = providers.map((provider) => provider.name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(['claude', 'codex', 'scripted']));
  for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
});
