import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judgeSecrets } from '../../src/gates/secrets.ts';
import {
  guessedSamples,
  hexSample,
  issuedSamples,
  jwtSample,
  pemSample,
} from '../core/secret-samples.ts';
import { put } from '../git/sandbox.ts';
import { afterAttempt, outsideGit } from './gating.ts';

const key = issuedSamples[0]?.[1] ?? '';
/** Of a kind that only secretlint knows. */
const linted = ['lin', 'api', 'aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW0xYaB3dE5fG'].join('_');
const otherKey = issuedSamples[7]?.[1] ?? '';

/** Nothing in its looks says that it is a key. */
const opaque = ['opaque', 'without', 'any', 'look', '7'].join('0');

describe('what a profile holds', () => {
  test('is a secret in the change, wherever it stands and whatever its line says', async () => {
    const context = await afterAttempt({
      work: async ({ worktree }) => {
        await put(worktree.path, 'src/a.ts', `x('${opaque}'); // mo:allow-secret`);
        await put(worktree.path, 'test/fixtures/b.json', JSON.stringify({ PASSWORD: opaque }));
      },
    });
    expect(await judgeSecrets(context)).toMatchObject({ pass: true });
    const verdict = await judgeSecrets({ ...context, secrets: [opaque] });
    expect(verdict.pass).toBe(false);
    expect(verdict.findings).toMatchObject([
      { severity: 'critical', file: 'src/a.ts', line: 1 },
      { severity: 'critical', file: 'test/fixtures/b.json', line: 1 },
    ]);
    const evidence = await readFile(join(context.runFolder, verdict.evidence ?? ''), 'utf8');
    expect(`${JSON.stringify(verdict)}${evidence}`).not.toContain(opaque.slice(0, 4));
  });

  test('that stood in the repository before blocks nothing, and neither does printing it', async () => {
    const context = await afterAttempt({
      before: (root) => put(root, 'mo.yaml', `key: ${opaque}`),
      work: ({ worktree }) => put(worktree.path, 'docs/keys.md', `It is ${opaque}.`),
      raw: `my key is ${opaque}`,
    });
    const verdict = await judgeSecrets({ ...context, secrets: [opaque] });
    expect(verdict).toMatchObject({ pass: true, findings: [{ severity: 'minor' }] });
  });

  test('in the name of a file is not told by the evidence', async () => {
    const context = await afterAttempt({
      work: ({ worktree }) => put(worktree.path, `src/${opaque}.ts`, `x('${key}')`),
    });
    const verdict = await judgeSecrets({ ...context, secrets: [opaque] });
    expect(verdict.pass).toBe(false);
    const evidence = await readFile(join(context.runFolder, verdict.evidence ?? ''), 'utf8');
    expect(`${JSON.stringify(verdict)}${evidence}`).not.toContain(opaque);
  });
});

describe('in the change', () => {
  test('every kind of secret is found where it stands', async () => {
    const texts = [
      ...issuedSamples.map(([, text]) => text),
      ...guessedSamples.map((one) => one[2]),
    ];
    const context = await afterAttempt({
      work: ({ worktree }) => put(worktree.path, 'src/config.ts', `\n${texts.join('\n')}\n`),
    });
    const { pass, findings } = await judgeSecrets(context);
    expect(pass).toBe(false);
    const found = new Set(
      findings.filter((one) => one.severity === 'critical').map((one) => one.line),
    );
    // One password stands twice and is reported once.
    expect([...found].toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(
      texts.map((_, index) => index + 2).filter((line) => !repeated(texts).includes(line - 2)),
    );
  });

  test('a private key over many lines is one finding', async () => {
    const context = await afterAttempt({
      work: ({ worktree }) => put(worktree.path, 'deploy.key', pemSample),
    });
    expect(await judgeSecrets(context)).toMatchObject({
      pass: false,
      findings: [{ severity: 'critical', file: 'deploy.key', line: 1 }],
    });
  });

  test('neither verdict nor evidence shows the secret', async () => {
    const context = await afterAttempt({
      work: ({ worktree }) => put(worktree.path, 'src/a.ts', `x('${key}'); DB_PASSWORD=hunter22`),
      raw: otherKey,
    });
    const verdict = await judgeSecrets(context);
    const evidence = await readFile(join(context.runFolder, verdict.evidence ?? ''), 'utf8');
    const shown = `${JSON.stringify(verdict)}${evidence}`;
    expect(verdict.findings).toHaveLength(3);
    const leaks = [key.slice(8), otherKey.slice(4), 'hunter22'].filter((one) =>
      shown.includes(one),
    );
    expect(leaks).toEqual([]);
  });

  test.each([
    ['marks its file as binary', '* binary\n', key],
    ['marks its file as not to be compared', '* -diff\n', key],
    ['names a driver that shows nothing', '* diff=none\n', key],
    ['writes it in two bytes a letter', '', Buffer.from(`\uFEFFkey ${key}\n`, 'utf16le')],
    ['hides it among bytes', '', Buffer.concat([Buffer.from([0, 255, 0]), Buffer.from(key)])],
    ['lets a comment forbid the search', '', `// secretlint-disable\nconst key = '${linted}';`],
    ['says that it may stand there', '', `const key = '${key}'; // mo:allow-secret`],
    ['makes it look like a header', '', `++ b/fixture.txt\n++ ${key}`],
  ])('a worker that %s is found out', async (_how, attributes, text) => {
    const context = await afterAttempt({
      work: async ({ worktree, sandbox }) => {
        await sandbox.git(worktree.path, 'config', 'diff.none.command', 'true');
        await put(worktree.path, '.gitattributes', attributes);
        await put(worktree.path, 'src/app.ts', text);
      },
    });
    expect(await judgeSecrets(context)).toMatchObject({
      pass: false,
      findings: [{ severity: 'critical', file: 'src/app.ts' }],
    });
  });

  test('what a worker committed and took out again is found in its commits', async () => {
    const context = await afterAttempt({
      work: async ({ worktree, sandbox }) => {
        await put(worktree.path, 'src/kept.ts', 'export {};');
        await put(worktree.path, '.env', `KEY=${key}`);
        await sandbox.git(worktree.path, 'add', '--all');
        await sandbox.git(worktree.path, 'commit', '-qm', 'add');
        await sandbox.git(worktree.path, 'rm', '-q', '.env');
        await sandbox.git(worktree.path, 'commit', '-qm', `remove ${otherKey}`);
      },
    });
    const { findings } = await judgeSecrets(context);
    expect(findings.map(({ severity, file }) => ({ severity, file }))).toEqual([
      { severity: 'critical', file: null },
      { severity: 'critical', file: '.env' },
    ]);
  });

  test('what stood in the base, even in another file, is advice only', async () => {
    const context = await afterAttempt({
      before: (root) => put(root, 'old.ts', `const a = '${key}';\n${pemSample}\n`),
      work: ({ worktree }) => put(worktree.path, 'new.ts', `const b = '${key}';\n${pemSample}\n`),
      raw: `read ${key}`,
    });
    const { pass, findings } = await judgeSecrets(context);
    expect({ pass, severities: findings.map(({ severity }) => severity) }).toEqual({
      pass: true,
      severities: ['minor', 'minor'],
    });
  });

  test.each([
    ['marked line', 'src/a.ts', `const apiKey = '${hexSample}'; // mo:allow-secret`],
    ['test', 'test/login.test.ts', `login({ password: 'Passw0rd1' });`],
  ])('a guess in a %s is advice only', async (_where, file, text) => {
    const context = await afterAttempt({ work: ({ worktree }) => put(worktree.path, file, text) });
    expect(await judgeSecrets(context)).toMatchObject({
      pass: true,
      findings: [{ severity: 'minor', file }],
    });
  });

  test('a flood of guesses in tests cannot hide a key', async () => {
    const flood = Array.from({ length: 300 }, (_, index) => `password: 'Passw0rd${index}'`);
    const context = await afterAttempt({
      work: async ({ worktree }) => {
        await put(worktree.path, 'a/test/x.ts', flood.join('\n'));
        await put(worktree.path, 'z.ts', key);
      },
    });
    const { findings } = await judgeSecrets(context);
    expect(
      findings.filter(({ severity }) => severity !== 'minor').map(({ title }) => title),
    ).toEqual([
      'A secret (anthropic-key) is in the change',
      'There are too many possible secrets to judge them one by one',
    ]);
  });

  test('taking a secret out passes', async () => {
    const context = await afterAttempt({
      before: (root) => put(root, 'a.ts', `const a = '${key}';\n`),
      work: ({ worktree }) => put(worktree.path, 'a.ts', 'const a = read();\n'),
    });
    expect(await judgeSecrets(context)).toMatchObject({ pass: true, findings: [] });
  });
});

describe('in the output', () => {
  test('a key that is not from the repository blocks', async () => {
    const context = await afterAttempt({
      raw: ['{"type":"text"}', JSON.stringify({ text: `export KEY="${key}"` }), ''].join('\n'),
    });
    expect(await judgeSecrets(context)).toMatchObject({
      pass: false,
      findings: [{ severity: 'major', file: null, line: 2 }],
    });
  });

  test('a guess is advice only', async () => {
    const context = await afterAttempt({ raw: `session=${jwtSample}` });
    expect(await judgeSecrets(context)).toMatchObject({
      pass: true,
      findings: [{ severity: 'minor' }],
    });
  });

  test.each([199_990, 255_990, 262_140, 1_000_000])(
    'a key after %i characters of one line is found whole',
    async (place) => {
      const context = await outsideGit();
      const rawFile = join(context.folder, 'raw');
      await writeFile(rawFile, `{"a":"${' '.repeat(place)}${key} ${'é '.repeat(200_000)}"}\nend`);
      const { findings } = await judgeSecrets({ ...context, rawFile });
      expect(
        findings.map(({ line, evidence }) => [line, evidence.includes(`(${key.length} `)]),
      ).toEqual([[1, true]]);
    },
  );

  test('a hundred megabytes are read in bounded memory', async () => {
    const context = await outsideGit();
    const rawFile = join(context.folder, 'raw');
    const line = `${JSON.stringify({ type: 'text', text: 'nothing to see here '.repeat(20) })}\n`;
    await writeFile(rawFile, `${line.repeat(Math.ceil(1e8 / line.length))}${key}\n`);
    const before = process.memoryUsage().rss;
    const { findings } = await judgeSecrets({ ...context, rawFile });
    expect(findings).toHaveLength(1);
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  });

  test('a worker that printed nothing has leaked nothing', async () => {
    const context = await outsideGit();
    const rawFile = join(context.folder, 'not there');
    expect(await judgeSecrets({ ...context, rawFile })).toMatchObject({ pass: true });
  });

  test('output that cannot be read is no clean output', async () => {
    const context = await outsideGit();
    await expect(judgeSecrets({ ...context, rawFile: context.folder })).rejects.toThrow('EISDIR');
  });
});

/** Places of texts whose secret stood in an earlier one. */
function repeated(texts: readonly string[]): number[] {
  return texts.flatMap((text, index) =>
    text.includes(hexSample) && texts.findIndex((one) => one.includes(hexSample)) < index
      ? [index]
      : [],
  );
}
