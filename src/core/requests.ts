import { isReady } from './needs.ts';
import type { Request } from './event.ts';
import type { Cycle, Run, RunNode } from './run.ts';

/** The questions that follow from the state alone: approval nodes whose needs are met, plans that wait for a person. */
export function openQuestions(run: Run): Request[] {
  const questions: Request[] = [];
  for (const node of run.nodes.inState('waiting', 'verified')) {
    const request = questionOf(run, node);
    if (request === null || run.answers.has(request.id)) continue;
    if (!run.requests.some((one) => one.id === request.id)) questions.push(request);
  }
  return questions;
}

function questionOf(run: Run, node: RunNode): Request | null {
  const { name, kind, emit } = node.spec;
  if (kind !== 'approval' && emit === null) return null;
  if (kind === 'approval' && isReady(run, node)) {
    return {
      id: approvalId(node),
      kind: 'approval',
      node: name,
      question: node.spec.task,
      choices: ['yes', 'no'],
    };
  }
  if (!awaitsConfirmation(run, node)) return null;
  const question = 'Start the workers on this plan?';
  return { id: planId(node), kind: 'plan', node: name, question, choices: ['yes', 'no', 'revise'] };
}

export function awaitsConfirmation(run: Run, node: RunNode): boolean {
  return (
    run.spec.confirm === 'ask' &&
    node.spec.emit === 'nodes' &&
    node.state.status === 'verified' &&
    node.emitted === null
  );
}

/** An answer to a question that was withdrawn is none to the one that took its place. */
export function approvalId({ spec, stale }: RunNode): string {
  return stale === 0 ? `approval:${spec.name}` : `approval:${spec.name}:${stale + 1}`;
}

/** A plan that was sent back and made again is a new question. */
export function planId(node: RunNode): string {
  return `plan:${node.spec.name}:${node.attempts.length}`;
}

/** Each round of review is a question of its own; `name` judged it, or is about to. Two reviewers do not answer for each other. */
export function escalationId(run: Run, name: string): string {
  return escalationOf(name, roundOf(run, name));
}

export function escalationOf(name: string, round: number): string {
  return `escalation:${name}:${round}`;
}

/** The number of the round that was judged for `name`, from 1; 0 before it was. The run's own gates are judged anew after every other round. */
export function roundOf({ cycles }: Run, name: string): number {
  const isOf = (cycle: Cycle | undefined): boolean => cycle?.node === name && !cycle.stale;
  if (name === 'verify') return isOf(cycles.at(-1)) ? cycles.length : 0;
  return cycles.findLastIndex(isOf) + 1;
}
