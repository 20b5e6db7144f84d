import type { Finding, Verdict } from '../core/gate.ts';
import { inScope, scopeViolations, type Change } from '../core/scope.ts';
import type { NodeSpec } from '../core/node.ts';
import { judge, type GateContext } from './gate-context.ts';

/** Whether only allowed paths differ, by what the trees hold and not by what the worker says; ignored files count as well. */
export function judgeScope(context: GateContext): Promise<Verdict> {
  const { scope, work } = context;
  return judge('scope', context, () => {
    if (work === null) return { findings: [], evidence: { compared: 'nothing: not inside git' } };
    const { base, tree, changes, ignoredChanges } = work;
    const findings = [
      ...scopeViolations(scope, changes),
      ...ignoredViolations(scope, ignoredChanges),
    ];
    return {
      findings,
      evidence: {
        base,
        tree,
        scope,
        changes: changes.slice(0, mostListed).map(({ kind, path, oldPath }) => ({
          kind,
          path,
          oldPath,
        })),
        changesInAll: changes.length,
        ignoredChanges: ignoredChanges.slice(0, mostListed),
      },
    };
  });
}

const mostListed = 2000;

/** What tools leave behind when a worker builds and tests, which it is asked to do. Never landed, so advice unless denied by name. */
const byProducts = [
  'node_modules',
  'dist',
  'build',
  'out',
  'target',
  'coverage',
  '.nyc_output',
  '.cache',
  '__pycache__',
  '.pytest_cache',
  '.mypy_cache',
  '.ruff_cache',
  '.tox',
  '.venv',
  'venv',
  '.next',
  '.nuxt',
  '.turbo',
  '.parcel-cache',
  '.gradle',
  '.vite',
  '.eslintcache',
  '.DS_Store',
].flatMap((name) => [`**/${name}`, `**/${name}/**`]);
const byProductScope = {
  allow: [...byProducts, '**/*.pyc', '**/*.log', '**/*.tsbuildinfo', '**/*.egg-info/**'],
  deny: [],
  maxDiffLines: null,
};

function ignoredViolations(scope: NodeSpec['scope'], paths: readonly string[]): Finding[] {
  const changes = paths.map(asChange);
  const byProduct = new Set(
    changes.map(({ path }) => path).filter((path) => inScope(byProductScope, path)),
  );
  const denied = scope === null || scope === 'any' ? null : { ...scope, allow: ['**'] };
  return scopeViolations(
    scope,
    changes.filter(({ path }) => !byProduct.has(path) || (denied && !inScope(denied, path))),
  ).map((found) => ({
    ...found,
    evidence: `${found.evidence} It is ignored by git, so it would not land.`,
  }));
}

/** A folder that is ignored as a whole stands for what is in it. */
function asChange(path: string): Change {
  return {
    path: path.endsWith('/') ? `${path}…` : path,
    oldPath: null,
    kind: 'modify',
    oldMode: null,
    newMode: null,
    addedLines: 0,
    deletedLines: 0,
    binary: false,
    linkTarget: null,
  };
}
