import { join } from 'node:path';
import { whyNoHandoff } from '../core/extract-handoff.ts';
import type { Finding } from '../core/gate.ts';
import { checkHandoff } from '../core/handoff.ts';
import type { Json } from '../core/json.ts';
import { isReadByGate } from '../core/needs.ts';
import { isJudging } from '../core/routing.ts';
import type { NodeSpec } from '../core/node.ts';
import type { Run, RunNode } from '../core/run.ts';
import { readText } from '../platform/files.ts';
import { readPlan } from './expand.ts';

export type ReadHandoff = {
  value: Json | null;
  findings: readonly Finding[];
  /** The form is wrong, not what it says: asking for it again is enough. */
  isMisfit: boolean;
};

/** The handoff against its contract; a planner's as well against the rules of a graph, so that a bad plan goes back to its planner. */
export async function readHandoff(
  run: Run,
  node: RunNode,
  given: { value: Json | null; attemptFolder: string },
): Promise<ReadHandoff> {
  const { spec } = node;
  const { value } = given;
  if (spec.kind !== 'agent') return { value, findings: [], isMisfit: false };
  if (value === null) {
    const answer = (await readText(join(given.attemptFolder, 'answer.md'))) ?? '';
    return { value, findings: [whyNoHandoff(answer)], isMisfit: true };
  }
  const checked = checkHandoff({ role: spec.role, contract: spec.contract, value });
  if ('findings' in checked) return { value, findings: checked.findings, isMisfit: true };
  const { handoff } = checked;
  const refusal = refusalOf(run, spec, handoff);
  if (refusal !== null) return { value: handoff, findings: [refusal], isMisfit: false };
  if (spec.emit !== 'nodes') return { value: handoff, findings: [], isMisfit: false };
  const plan = readPlan(run, spec.name, handoff);
  return { value: handoff, findings: 'findings' in plan ? plan.findings : [], isMisfit: false };
}

/** Whoever says itself that the work is not done has not done it, unless the no is an answer that somebody reads. */
function refusalOf(run: Run, spec: NodeSpec, handoff: Json): Finding | null {
  if (spec.emit === 'review') return null;
  if (typeof handoff !== 'object' || handoff === null || Array.isArray(handoff)) return null;
  const { status, summary } = handoff;
  if (status !== 'fail' && status !== 'blocked' && status !== 'needs_repair') return null;
  if (status !== 'blocked' && !spec.write && isHeard(run, spec)) return null;
  const title = `The worker says ${status}: ${typeof summary === 'string' ? summary.slice(0, 300) : 'without a reason'}`;
  return { severity: 'major', title, file: null, line: null, evidence: 'status of the handoff' };
}

/** A gate node says what follows from the no of a judge; so does whoever asked one judge and nobody else. */
function isHeard(run: Run, { name, role }: NodeSpec): boolean {
  return isReadByGate(run, name) || (isJudging(role) && run.nodes.size === 1);
}
