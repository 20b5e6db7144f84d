import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/core/gate.ts';
import type { Scope } from '../../src/core/node.ts';
import { fixedBeginning, literalPattern, shownPattern } from '../../src/core/path-pattern.ts';
import {
  inScope,
  scopeErrors,
  scopesOverlap,
  scopeViolations,
  type Change,
} from '../../src/core/scope.ts';

function allowing(...allow: string[]): Scope {
  return { allow, deny: [], maxDiffLines: null };
}

function change(path: string, more: Partial<Change> = {}): Change {
  return {
    path,
    oldPath: null,
    kind: 'modify',
    oldMode: '100644',
    newMode: '100644',
    addedLines: 1,
    deletedLines: 0,
    binary: false,
    linkTarget: null,
    ...more,
  };
}

function files(found: readonly Finding[]): (string | null)[] {
  return found.map(({ file }) => file);
}

const name = fc
  .string({ minLength: 1, maxLength: 12 })
  .filter((text) => !/[/\\\p{Cc},{}*?]/u.test(text))
  .map((text) => `n${text}e`)
  .filter((text) => text.trim() === text && text !== '.git');
const literalPath = fc.array(name, { minLength: 1, maxLength: 6 }).map((names) => names.join('/'));

describe('matching', () => {
  test.each([
    ['app/[id]/page.tsx', 'app/[id]/page.tsx', true],
    ['app/[id]/page.tsx', 'app/i/page.tsx', true],
    ['app/(auth)/@modal/page.tsx', 'app/(auth)/@modal/page.tsx', true],
    ['src/**', 'src/a.ts', true],
    ['src/**', 'src/deep/er/.hidden', true],
    ['src/**', 'src', false],
    ['src/**', 'srcs/a.ts', false],
    ['src/**', 'lib/src/a.ts', false],
    ['src', 'src/a/b.ts', true],
    ['src/', 'src/a/b.ts', true],
    ['src/', 'src', false],
    ['./src/', 'src/a.ts', true],
    ['src', 'src', true],
    ['src', 'src2/a.ts', false],
    ['*.md', 'README.md', true],
    ['*.md', 'docs/README.md', false],
    ['**/*.md', 'README.md', true],
    ['**/*.md', 'a/b/README.md', true],
    ['src/**/x.ts', 'src/x.ts', true],
    ['src/**/x.ts', 'src/a/b/x.ts', true],
    ['src/**/x.ts', 'src/a/b/y.ts', false],
    ['{src,test}/**', 'test/a.ts', true],
    ['{src,test}/**', 'docs/a.ts', false],
    ['src/*', 'src/a/b.ts', false],
    ['packages/*/', 'packages/a/b.ts', true],
    ['**', '.github/workflows/ci.yml', true],
    ['**', '.git/config', false],
    ['**', 'vendor/.GIT/hooks/post-checkout', false],
    ['**', 'src/../../etc/passwd', false],
    ['**', '/etc/passwd', false],
    ['**', '', false],
    ['caf\u00e9/**', 'cafe\u0301/menu.md', true],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(inScope(allowing(pattern), path)).toBe(expected);
  });

  test('deny wins over allow', () => {
    const scope: Scope = { allow: ['**'], deny: ['.env*', 'secrets/'], maxDiffLines: null };
    expect(['.env.local', 'secrets/a', 'src/a'].map((path) => inScope(scope, path))).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('a broken deny pattern denies everything, a broken allow pattern nothing else', () => {
    expect(inScope({ allow: ['src/**'], deny: ['!x'], maxDiffLines: null }, 'src/a')).toBe(false);
    expect(inScope(allowing('../x', 'src/**'), 'src/a')).toBe(true);
  });

  test('a literal path always matches itself and what is below it', () => {
    fc.assert(
      fc.property(literalPath, name, (path, below) => {
        fc.pre(scopeErrors(allowing(path)).length === 0);
        return inScope(allowing(path), path) && inScope(allowing(path), `${path}/${below}`);
      }),
    );
  });

  test('no pattern lets a path out of the repository or into .git', () => {
    const path = fc
      .tuple(fc.array(name), fc.constantFrom('..', '.git', '.', ''), fc.array(name))
      .map(([before, bad, after]) => [...before, bad, ...after].join('/'));
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), literalPath),
        path,
        (pattern, one) => !inScope(allowing(pattern, '**', one), one),
      ),
    );
  });
});

describe('a literal pattern', () => {
  const odd = fc
    .array(fc.constantFrom(...'ab *?[]{}(),|!#~@+:.\\ä'.split('')), { minLength: 1, maxLength: 8 })
    .map((letters) => letters.join('').normalize('NFC'))
    .filter((one) => one !== '.' && one !== '..');
  const path = fc.array(odd, { minLength: 1, maxLength: 3 }).map((all) => all.join('/'));

  test('means its path, what is below it and nothing else', () => {
    fc.assert(
      fc.property(path, path, (one, other) => {
        const scope = allowing(literalPattern(one));
        expect(scopeErrors(scope)).toEqual([]);
        expect(inScope(scope, one)).toBe(true);
        expect(inScope(scope, `${one}/below`)).toBe(true);
        expect(inScope(scope, other)).toBe(other === one || other.startsWith(`${one}/`));
        expect(shownPattern(literalPattern(one))).toBe(one);
        expect(one.startsWith(fixedBeginning(literalPattern(one)).replace(/\/$/, ''))).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('may be long', () => {
    const long = `${'folder/'.repeat(100)}[id].ts`;
    expect(inScope(allowing(literalPattern(long)), long)).toBe(true);
  });

  test('a backslash before anything else is refused', () => {
    expect(scopeErrors(allowing('src\\a.ts'))).toHaveLength(1);
    expect(scopeErrors(allowing('src\\'))).toHaveLength(1);
  });
});

describe('hostile patterns', () => {
  const hostile = [
    `${'*a'.repeat(12)}x`,
    `${'*a'.repeat(4)}x`,
    `${'**/a/'.repeat(30)}x`,
    `${'**/'.repeat(60)}x`,
    `${'?*'.repeat(4)}x/${'a*'.repeat(4)}y`,
    '{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}',
    '{{{{{{{{{{{{a,b},c},d},e},f},g},h},i},j},k},l},m}',
    '{1..99999999}',
    '+(a|aa)+(a|aa)+(a|aa)+(a|aa)x',
    `[${'a-z'.repeat(60)}]*`,
    'a'.repeat(100_000),
  ];
  const paths = ['a'.repeat(255), `${'a/'.repeat(2000)}b`, 'a'.repeat(4000)];

  test.each(hostile)('is answered within 300 ms: %.40s', (pattern) => {
    const startedAt = performance.now();
    scopeErrors(allowing(pattern));
    for (const path of paths) inScope(allowing(pattern), path);
    scopesOverlap(allowing(pattern), allowing(...hostile));
    expect(performance.now() - startedAt).toBeLessThan(300);
  });

  test('any text is answered within 300 ms', () => {
    const text = fc
      .array(fc.constantFrom('*', '**', '/', 'a', '?', '{', ',', '}', '[', ']', '!', '..'), {
        maxLength: 120,
      })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (pattern) => {
        const startedAt = performance.now();
        for (const path of paths) inScope(allowing(pattern), path);
        return performance.now() - startedAt < 300;
      }),
    );
  });
});

describe('errors', () => {
  test.each([
    '../x',
    'a/../b',
    '{..,a}/b',
    '/etc/passwd',
    'C:/x',
    '~/x',
    'a\\b',
    'a\0b',
    '!src/**',
    '#x',
    ' src',
    '',
    '.',
    './',
    '.git/hooks/**',
    'a/.GIT',
    'a/{.git,b}/c',
    'x'.repeat(5000),
    `${'x'.repeat(200)}*`,
    '@(a|b).ts',
    '{1..9}',
    `${'*a'.repeat(12)}x`,
  ])('%j is refused', (pattern) => {
    expect(scopeErrors(allowing(pattern))).toHaveLength(1);
  });

  test.each(['src/**', './a', 'a/', '{a,b}/*.ts', 'app/(x)/[id]', 'a b/ü.md', '.github/**', '-x'])(
    '%j is taken',
    (pattern) => {
      expect(scopeErrors(allowing(pattern))).toEqual([]);
    },
  );

  test('a scope that allows nothing is named', () => {
    expect(scopeErrors(allowing())).toEqual([
      'allow is empty, so nothing may be changed; name at least one path.',
    ]);
  });
});

describe('violations', () => {
  const scope: Scope = { allow: ['src/**'], deny: ['src/keys/**'], maxDiffLines: 10 };

  test('changes inside the scope pass', () => {
    expect(
      scopeViolations(scope, [
        change('src/a.ts'),
        change('src/b.ts', { kind: 'delete', newMode: null }),
        change('src/c.sh', { kind: 'mode-change', newMode: '100755' }),
        change('src/e.ts', { kind: 'rename', oldPath: 'src/d.ts' }),
      ]),
    ).toEqual([]);
  });

  test.each([
    change('lib/a.ts'),
    change('lib/a.ts', { kind: 'add', oldMode: null }),
    change('lib/a.ts', { kind: 'delete', newMode: null }),
    change('lib/a.ts', { kind: 'mode-change', newMode: '100755' }),
    change('lib/a.ts', { kind: 'type-change', newMode: '120000', linkTarget: 'b.ts' }),
    change('lib/a.ts', { kind: 'rename', oldPath: 'src/a.ts' }),
    change('src/keys/a.pem'),
  ])('$kind of $path is reported', (one) => {
    expect(scopeViolations(scope, [one])).toMatchObject([{ severity: 'major', file: one.path }]);
  });

  test('a rename out of the scope names both sides that are outside', () => {
    const moved = change('b/y.ts', { kind: 'rename', oldPath: 'a/x.ts' });
    expect(files(scopeViolations(scope, [moved]))).toEqual(['a/x.ts', 'b/y.ts']);
  });

  test.each(['/etc/passwd', '../../x', '../.git/config', 'a/../../../x', '..\\x', 'C:/x'])(
    'a link to %s is reported',
    (linkTarget) => {
      const link = change('src/link', { kind: 'add', newMode: '120000', linkTarget });
      expect(files(scopeViolations('any', [link]))).toEqual(['src/link']);
    },
  );

  test('a link of which nobody knows the target is reported', () => {
    expect(scopeViolations('any', [change('link', { newMode: '120000' })])).toHaveLength(1);
  });

  test.each(['a.ts', '../test/x', './deep/../a', '..'])('a link to %s passes', (linkTarget) => {
    const link = change('src/link', { kind: 'add', newMode: '120000', linkTarget });
    expect(scopeViolations(scope, [link])).toEqual([]);
  });

  test('submodules are refused whatever the scope', () => {
    const module = change('src/vendor', { kind: 'add', oldMode: null, newMode: '160000' });
    expect(scopeViolations('any', [module])).toHaveLength(1);
  });

  test('.git is refused whatever the scope', () => {
    expect(scopeViolations('any', [change('.git/hooks/pre-commit')])).toMatchObject([
      { severity: 'critical' },
    ]);
  });

  test('a diff over the limit is reported; binary files count as one line', () => {
    expect(scopeViolations(scope, [change('src/a', { addedLines: 6, deletedLines: 4 })])).toEqual(
      [],
    );
    const large = [change('src/a', { addedLines: 10 }), change('src/b', { binary: true })];
    expect(scopeViolations(scope, large)).toMatchObject([{ file: null, severity: 'major' }]);
  });

  test('every change of a node that only reads is one too many', () => {
    expect(files(scopeViolations(null, [change('src/a.ts')]))).toEqual(['src/a.ts']);
  });

  test('ten thousand violations become fifty and a count', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => change(`lib/${index}`));
    const found = scopeViolations(scope, many);
    expect([found.length, found.find(({ title }) => title.startsWith('9950'))?.severity]).toEqual([
      52,
      'major',
    ]);
  });
});

describe('overlap', () => {
  test.each([
    ['src/**', 'test/**', false],
    ['src/**', 'src/api/**', true],
    ['src/api/**', 'src/web/**', false],
    ['src', 'src/a.ts', true],
    ['src/a.ts', 'src/b.ts', false],
    ['src/*.ts', 'src/*.md', false],
    ['src/*.ts', 'src/a*', true],
    ['src/a*.ts', 'src/b*.ts', false],
    ['**/*.md', 'docs/**', true],
    ['**/*.md', 'docs/guide.ts', true],
    ['lib', '*/x.ts', true],
    ['{a,b}/**', 'b/c', true],
    ['{a,b}/**', 'c/**', false],
    ['app/[id]/**', 'app/[id]/page.tsx', true],
    ['../x', 'src/**', true],
  ])('%s and %s: %s', (left, right, expected) => {
    expect(scopesOverlap(allowing(left), allowing(right))).toBe(expected);
    expect(scopesOverlap(allowing(right), allowing(left))).toBe(expected);
  });

  test('any overlaps every writer, and nobody overlaps a reader', () => {
    expect(scopesOverlap('any', allowing('a'))).toBe(true);
    expect(scopesOverlap('any', null)).toBe(false);
  });

  test('what one is denied as a whole keeps the two apart', () => {
    const most: Scope = { allow: ['src/**'], deny: ['src/api/**'], maxDiffLines: null };
    expect(scopesOverlap(most, allowing('src/api/users.ts'))).toBe(false);
    expect(scopesOverlap(most, allowing('src/api'))).toBe(true);
  });

  test('two patterns with escaped signs that both match a path always meet', () => {
    const part = fc.constantFrom('a', '*', '\\*', '[', '\\[', ']', '\\]', '?', '\\?', '#', '\\#');
    const pattern = fc.array(part, { minLength: 2, maxLength: 3 }).map((all) => `b${all.join('')}`);
    const path = fc
      .array(fc.constantFrom('a', '*', '[', ']', '?', '#'), { minLength: 2, maxLength: 2 })
      .map((all) => `b${all.join('')}`);
    fc.assert(
      fc.property(pattern, pattern, path, (one, other, file) => {
        const [left, right] = [allowing(one), allowing(other)];
        return !inScope(left, file) || !inScope(right, file) || scopesOverlap(left, right);
      }),
      { numRuns: 20_000 },
    );
  });

  test('two scopes that both match a path always overlap', () => {
    const part = fc.constantFrom('a', 'b', '*', 'a*', '*b', '**', '?', '[ab]', '{a,b}');
    const pattern = fc.array(part, { minLength: 1, maxLength: 4 }).map((all) => all.join('/'));
    const path = fc
      .array(fc.constantFrom('a', 'b', 'ab', 'aab'), {
        minLength: 1,
        maxLength: 4,
      })
      .map((all) => all.join('/'));
    const scope = fc.record({
      allow: fc.array(pattern, { minLength: 1, maxLength: 2 }),
      deny: fc.array(pattern, { maxLength: 1 }),
      maxDiffLines: fc.constant(null),
    });
    fc.assert(
      fc.property(scope, scope, path, (left, right, one) => {
        fc.pre(inScope(left, one) && inScope(right, one));
        return scopesOverlap(left, right);
      }),
      { numRuns: 2000 },
    );
  });
});
