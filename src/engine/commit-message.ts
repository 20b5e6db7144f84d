import { keyOf } from '../core/routing.ts';
import type { Run, RunNode } from '../core/run.ts';
import type { Route } from '../core/worker.ts';

/** Who did this, for `git log` years later. */
export function trailersOf(run: Run, node: RunNode): Record<string, string> {
  const last = node.attempts.at(-1);
  const model = last?.ending?.model ?? last?.route?.model ?? null;
  return {
    'Mo-Run': run.spec.runId,
    'Mo-Node': node.spec.name,
    'Mo-Attempt': String(last?.attempt ?? 0),
    'Mo-Route': routeText(last?.route ?? null, model),
  };
}

/** The subject is the node's task in one line. */
export function messageOf(node: RunNode): string {
  const task = node.spec.task.replaceAll(/\s+/g, ' ').trim();
  const subject = task.length > 60 ? `${task.slice(0, 57).trimEnd()}...` : task;
  return `${node.spec.name}: ${subject}`;
}

function routeText(route: Route | null, model: string | null): string {
  return route === null ? 'command' : `${keyOf(route)}${model === null ? '' : ` ${model}`}`;
}
