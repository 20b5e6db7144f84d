import { contractError } from '../core/handoff.ts';
import type { SchemaProblem } from '../core/schema-problems.ts';
import { worksOf, type LooseFile } from './loose-file.ts';

/** Contracts that cannot be checked, and nodes that emit with a contract that carries no nodes. */
export function contractProblems(file: LooseFile): SchemaProblem[] {
  const broken = worksOf(file).flatMap(({ path, work }): SchemaProblem[] => {
    const error = work.output === undefined ? null : contractError(work.output);
    if (error === null) return [];
    const fix = 'Use plain JSON Schema (draft 2020-12).';
    return [{ path: [...path, 'output'], at: 'value', what: error, fix }];
  });
  const emitting = Object.entries(file.nodes ?? {}).flatMap(([name, node]): SchemaProblem[] => {
    if (node.emit === undefined) return [];
    const path = ['nodes', name];
    const problems: SchemaProblem[] = [];
    if (node.role !== undefined && node.role !== 'planner') {
      problems.push({
        path: [...path, 'role'],
        at: 'value',
        what: 'only the handoff of a planner carries nodes.',
        fix: 'Write role: planner, or leave it out.',
      });
    }
    if (node.output !== undefined) {
      problems.push({
        path: [...path, 'output'],
        at: 'key',
        what: 'a node that emits nodes has the contract of a planner.',
        fix: 'Remove output, or emit.',
      });
    }
    return problems;
  });
  return [...broken, ...emitting];
}
