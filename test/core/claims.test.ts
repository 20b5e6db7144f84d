import { describe, expect, test } from 'vitest';
import { claimsOf, commandFindings, fileFindings, type CommandRun } from '../../src/core/claims.ts';
import { handoffExamples } from '../../src/core/handoff-examples.ts';
import type { Change } from '../../src/core/scope.ts';

describe('files that are said to be changed', () => {
  const folders = ['/repo/tree'];

  test.each([
    ['the path itself', 'src/a.ts'],
    ['./ before it', './src/a.ts'],
    ['an absolute path', '/repo/tree/src/a.ts'],
    ['quotes', '`src/a.ts`'],
    ['a line', 'src/a.ts:12'],
    ['a remark', 'src/a.ts (new)'],
    ['a status letter', 'M src/a.ts'],
    ['its folder', 'src/'],
    ['a pattern', 'src/**/*.ts'],
    ['a name seen from a folder', 'a.ts'],
    ['backslashes', 'src\\a.ts'],
  ])('are found: %s', (_name, claim) => {
    expect(
      fileFindings([claim], { folders, changes: [change('src/a.ts')], ignored: [], seen: null }),
    ).toEqual([]);
  });

  test('both names of a rename, and an ignored file, are changes', () => {
    const changes = [{ ...change('new.ts'), kind: 'rename' as const, oldPath: 'old.ts' }];
    const facts = { folders, changes, ignored: ['dist/', '.env.test'], seen: null };
    expect(fileFindings(['old.ts -> new.ts', 'dist/a.js', '.env.test'], facts)).toEqual([]);
    expect(fileFindings(['old.ts'], facts)).toEqual([]);
  });

  test('one that did not change is a major finding with what did', () => {
    const facts = { folders, changes: [change('src/a.ts')], ignored: [], seen: null };
    expect(fileFindings(['src/a.ts', 'src/b.ts', 'rc/a.ts', 'a.t'], facts)).toMatchObject([
      {
        severity: 'major',
        title: 'changed_files names src/b.ts, which did not change',
        evidence: expect.stringContaining('src/a.ts'),
      },
      { severity: 'major', title: 'changed_files names rc/a.ts, which did not change' },
      { severity: 'major', title: 'changed_files names a.t, which did not change' },
    ]);
  });

  test('one that the worker wrote to with what it held before is a minor finding', () => {
    const runs = [{ command: 'sed -i s/a/a/ src/c.ts', ok: true, exitCode: 0 }];
    const seen = { runs, hidden: false, written: ['/repo/tree/src/b.ts'] };
    const facts = { folders, changes: [change('src/a.ts')], ignored: [], seen };
    const found = fileFindings(['src/a.ts', './src/b.ts', 'src/c.ts', 'src/d.ts'], facts);
    expect(found.map(({ severity, title }) => [severity, title.slice(0, 29)])).toEqual([
      ['minor', 'changed_files names ./src/b.t'],
      ['minor', 'changed_files names src/c.ts,'],
      ['major', 'changed_files names src/d.ts,'],
    ]);
  });

  test('those left out are one minor finding', () => {
    const facts = {
      folders,
      changes: [change('a'), change('b'), change('c')],
      ignored: [],
      seen: null,
    };
    expect(fileFindings(['b'], facts)).toMatchObject([
      { severity: 'minor', title: 'changed_files leaves out 2 of 3 changed files' },
    ]);
    expect(fileFindings([], { ...facts, changes: [] })).toEqual([]);
  });

  test('a hundred thousand claims and hostile ones end', { timeout: 10_000 }, () => {
    const claims = Array.from({ length: 20_000 }, (_, index) => `no/${index}`);
    const changes = Array.from({ length: 10_000 }, (_, index) => change(`src/${index}.ts`));
    const hostile = [' '.repeat(500_000), `a${' '.repeat(500_000)}(`, '->'.repeat(200_000)];
    const found = fileFindings([...hostile, ...claims], {
      folders,
      changes,
      ignored: [],
      seen: null,
    });
    expect(found.length).toBeLessThanOrEqual(21);
  });
});

describe('commands that are said to have run', () => {
  test.each([
    ['npm test', 'npm test'],
    ['npm test', "/bin/bash -lc 'npm test'"],
    ['npm test', 'cd /repo/tree && npm test'],
    ['cd app && npm test', 'npm test'],
    ['`npm test`', 'npm test -- --run 2>&1'],
    ['vitest run', './node_modules/.bin/vitest run test'],
    ['npm test', 'npm run build && npm test | tail -5'],
    ['npm run build && npm test', 'npm run build', 'npm test'],
    ['grep "a b" x', "grep 'a b' x"],
    ['npm  test', 'npm test'],
    ['node long.js --with many arguments', 'node long.js --with…'],
  ])('are found: %s', (claim, ...commands) => {
    expect(judge(claim, 0, ...commands.map((command) => ran(command, 0)))).toEqual([]);
  });

  test.each([
    ['npm test', 'npm test:unit'],
    ['npm test', 'npm run build'],
    ['ls', 'cat tools.txt'],
    ['npm test && npm run lint', 'npm test'],
  ])('are missed: %s is not %s', (claim, command) => {
    expect(judge(claim, 0, ran(command, 0))).toEqual(['major']);
  });

  test('a failure that is said to have passed is major, any other difference minor', () => {
    expect(judge('npm test', 0, ran('npm test', 1))).toEqual(['major']);
    expect(judge('npm test', 0, { command: 'npm test', ok: false, exitCode: null })).toEqual([
      'major',
    ]);
    expect(judge('npm test', 1, ran('npm test', 0))).toEqual(['minor']);
    expect(judge('npm test', 2, ran('npm test', 1))).toEqual(['minor']);
    expect(judge('npm test', 1, ran('npm test', 1))).toEqual([]);
    expect(judge('npm test', 0, { command: 'npm test', ok: null, exitCode: null })).toEqual([]);
  });

  test('of several runs the last one counts', () => {
    expect(judge('npm test', 0, ran('npm test', 1), ran('npm test', 0))).toEqual([]);
    expect(judge('npm test', 0, ran('npm test', 0), ran('npm test', 1))).toEqual(['major']);
  });

  test('how a longer command line ended says nothing of a part of it', () => {
    expect(judge('npm test', 0, ran('npm test && git diff --exit-code', 1))).toEqual([]);
    expect(judge('npm test', 0, ran('npm test -- --run', 1))).toEqual(['major']);
  });

  test('what a subagent may have run unseen is no lie', () => {
    const found = commandFindings([{ command: 'npm test', exitCode: 0 }], {
      runs: [],
      hidden: true,
      written: [],
    });
    expect(found).toMatchObject([{ severity: 'minor' }]);
  });

  test('a measurement names a command that ran, however it ended', () => {
    const claims = claimsOf(handoffExamples.performance);
    expect(claims).toEqual({ files: [], commands: [{ command: 'npm run bench', exitCode: null }] });
    expect(judge('npm run bench', null, ran('npm run bench', 3))).toEqual([]);
  });

  test('roles that change nothing claim nothing', () => {
    expect(claimsOf(handoffExamples.review)).toBeNull();
    expect(claimsOf(null)).toBeNull();
  });
});

/** The severities of what is found. */
function judge(claim: string, exitCode: number | null, ...runs: CommandRun[]): string[] {
  const found = commandFindings([{ command: claim, exitCode }], {
    runs,
    hidden: false,
    written: [],
  });
  return found.map(({ severity }) => severity);
}

function ran(command: string, exitCode: number): CommandRun {
  return { command, ok: exitCode === 0, exitCode };
}

function change(path: string): Change {
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
  };
}
