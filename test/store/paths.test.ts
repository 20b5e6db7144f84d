import fc from 'fast-check';
import { join, sep } from 'node:path';
import { expect, test } from 'vitest';
import { MoError } from '../../src/core/problem.ts';
import { workspacePaths } from '../../src/store/paths.ts';

const root = join(sep, 'some project', "it's 项目 🎈");
const paths = workspacePaths(root);

test('everything of a run is below its folder', () => {
  const folder = join(root, '.agent-workspace', 'runs', 'r-7-add-jwt');

  expect(paths.runFolder('r-7-add-jwt')).toBe(folder);
  expect(paths.attemptFolder('r-7-add-jwt', 'api', 2)).toBe(join(folder, 'nodes', 'api', '2'));
  expect(paths.receipt('r-7-add-jwt', 'api')).toBe(join(folder, 'receipts', 'api.json'));
  expect(paths.worktree('r-7', 'api')).toBe(
    join(root, '.agent-workspace', 'worktrees', 'r-7', 'api'),
  );
});

test.each(['../x', 'a/b', '', '.', '..', 'A', 'a b', 'a\0', 'a\n', 'x'.repeat(65)])(
  'the node name %j makes no path',
  (node) => {
    expect(() => paths.worktree('r-7', node)).toThrow(MoError);
    expect(() => paths.attemptFolder('r-7', node, 1)).toThrow(MoError);
    expect(() => paths.receipt('r-7', node)).toThrow('no node name');
  },
);

test.each(['../r-7', 'r-7/../..', 'r-', 'R-7', 'r-7-', 'r-7\n'])(
  'the run id %j makes no path',
  (runId) => {
    expect(() => paths.runFolder(runId)).toThrow('no run id');
  },
);

test.each([0, -1, 1.5, Number.NaN])('the attempt %d makes no path', (attempt) => {
  expect(() => paths.attemptFolder('r-7', 'api', attempt)).toThrow('no attempt');
});

test('no name at all leads out of the workspace', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (runId, node) => {
      try {
        return paths.attemptFolder(runId, node, 1).startsWith(join(paths.runs, 'r-'));
      } catch (error) {
        return error instanceof MoError;
      }
    }),
  );
});
