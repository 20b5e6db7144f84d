import { contractError } from '../core/handoff.ts';
import type { SchemaProblem } from '../core/schema-problems.ts';
import { roleOfEmitter } from './expand.ts';
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
    const role = roleOfEmitter(node.emit);
    if (role === null) return [];
    const path = ['nodes', name];
    const problems: SchemaProblem[] = [];
    if (node.role !== undefined && node.role !== role) {
      problems.push({
        path: [...path, 'role'],
        at: 'value',
        what:
          role === 'review'
            ? 'only the handoff of a review has findings to be mended.'
            : 'only the handoff of a planner carries nodes.',
        fix: `Write role: ${role}, or leave it out.`,
      });
    }
    if (node.output !== undefined) {
      problems.push({
        path: [...path, 'output'],
        at: 'key',
        what: `a node that emits ${node.emit ?? ''} has the contract of a ${role}.`,
        fix: 'Remove output, or emit.',
      });
    }
    return problems;
  });
  return [...broken, ...emitting, ...reviewProblems(file)];
}

/** Rounds of review are counted and compared over the whole run. */
function reviewProblems(file: LooseFile): SchemaProblem[] {
  const reviews = Object.entries(file.nodes ?? {}).filter(([, { emit }]) => emit === 'review');
  return reviews.slice(1).map(([name]) => ({
    path: ['nodes', name, 'emit'],
    at: 'value',
    what: `${reviews[0]?.[0] ?? ''} emits a review already; a run has one.`,
    fix: 'Leave emit out here; a gate can send work back for it.',
  }));
}
