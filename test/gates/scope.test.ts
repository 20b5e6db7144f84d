import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Scope } from '../../src/core/node.ts';
import { judgeScope } from '../../src/gates/scope.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { put } from '../git/sandbox.ts';
import { afterAttempt, outsideGit } from './gating.ts';

const scope: Scope = { allow: ['src/**'], deny: ['src/keys/**'], maxDiffLines: 100 };

describe('a worker that left its scope is found out', () => {
  test('by a file it committed itself', async () => {
    const context = await afterAttempt({
      scope,
      work: async ({ worktree, sandbox }) => {
        await put(worktree.path, 'a.txt', 'changed');
        await sandbox.git(worktree.path, 'commit', '-qam', 'only src, I promise');
        await put(worktree.path, 'src/b.txt', 'changed');
      },
    });
    expect(await judgeScope(context)).toMatchObject({ pass: false, findings: [{ file: 'a.txt' }] });
  });

  test('by a file it only staged, and one it did not even stage', async () => {
    const context = await afterAttempt({
      scope,
      work: async ({ worktree, sandbox }) => {
        await put(worktree.path, 'staged.txt', 'x');
        await sandbox.git(worktree.path, 'add', 'staged.txt');
        await put(worktree.path, 'untracked.txt', 'x');
      },
    });
    const { findings } = await judgeScope(context);
    expect(findings.map(({ file }) => file)).toEqual(['staged.txt', 'untracked.txt']);
  });

  test('by an ignored file', async () => {
    const context = await afterAttempt({
      scope,
      before: (root) => put(root, '.gitignore', '.env\nsrc/keys/\nnode_modules/\n'),
      work: async ({ worktree }) => {
        await put(worktree.path, '.env', 'A=1');
        await put(worktree.path, 'src/keys/a.pem', 'x');
        await put(worktree.path, 'node_modules/dep/index.js', 'x');
      },
    });
    const { findings } = await judgeScope(context);
    expect(findings.map(({ file }) => file)).toEqual(['.env', 'src/keys/…']);
  });

  test('by a link that leads out, though the link itself is in its scope', async () => {
    const context = await afterAttempt({
      scope,
      work: async ({ worktree }) => {
        await mkdir(join(worktree.path, 'src'), { recursive: true });
        await symlink('../../../..', join(worktree.path, 'src/up'));
        await symlink('b.txt', join(worktree.path, 'src/beside'));
      },
    });
    expect(await judgeScope(context)).toMatchObject({
      pass: false,
      findings: [{ file: 'src/up', title: 'A symlink leads out of the repository' }],
    });
  });

  test('by a rename out of it', async () => {
    const context = await afterAttempt({
      scope,
      before: (root) => put(root, 'src/long.txt', 'a line that is long enough\n'.repeat(20)),
      work: async ({ worktree, sandbox }) => {
        await sandbox.git(worktree.path, 'mv', 'src/long.txt', 'long.txt');
      },
    });
    expect(await judgeScope(context)).toMatchObject({ findings: [{ file: 'long.txt' }] });
  });

  test('by writing at all when it only reads', async () => {
    const context = await afterAttempt({
      scope: null,
      work: ({ worktree }) => put(worktree.path, 'src/b.txt', 'mended while reviewing'),
    });
    expect(await judgeScope(context)).toMatchObject({
      pass: false,
      findings: [{ file: 'src/b.txt', title: 'A node that only reads changed a file' }],
    });
  });
});

test('work inside the scope passes, with the changes as evidence', async () => {
  const context = await afterAttempt({
    scope,
    work: ({ worktree }) => put(worktree.path, 'src/仓库 "x"\n🚀.ts', 'export {};\n'),
  });
  expect(await judgeScope(context)).toMatchObject({
    gate: 'scope',
    pass: true,
    findings: [],
    evidence: 'nodes/api/1/gate-scope.json',
  });
});

test('a reader may leave what it is told that it may', async () => {
  const told = await readFile(join(packageRoot(), 'prompt-pack', 'reader.md'), 'utf8');
  const folders = [...told.matchAll(/`([^`]+\/)`/g)].map(([, folder = '']) => folder);
  expect(folders).toContain('dist/');
  const context = await afterAttempt({
    scope: null,
    before: (root) => put(root, '.gitignore', folders.join('\n')),
    work: async ({ worktree }) => {
      for (const folder of folders) await put(worktree.path, `${folder}made/x`, 'x');
    },
  });
  expect(await judgeScope(context)).toMatchObject({ pass: true, findings: [] });
});

test('outside git nothing is compared, and the evidence says so', async () => {
  expect(await judgeScope(await outsideGit({ scope: null }))).toMatchObject({ pass: true });
});
