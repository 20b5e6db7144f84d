import { isDropped } from './added.ts';
import { invalidationOf } from './invalidate.ts';
import { isResumable } from './resume.ts';
import type { RunEvent } from './event.ts';
import type { Problem } from './problem.ts';
import type { Run, RunNode } from './run.ts';
import type { Signal } from './signal.ts';

/** What a controller does to a run from outside, beside stopping it, answering and landing. */
export type Control = Extract<Signal, { kind: 'retry' | 'skip' | 'tell' | 'pause' | 'resume' }>;

/** What follows from it: events, none where it is so already, or why it cannot be. Asked by who sends it and again by who executes it. */
export function eventsOfControl(run: Run, control: Control): RunEvent[] | Problem {
  switch (control.kind) {
    case 'retry':
      return retried(run, control);
    case 'skip':
      return skipped(run, control.node);
    case 'tell':
      return told(run, control);
    case 'pause':
      return paused(run, control.workers);
    case 'resume':
      return resumed(run, control);
  }
}

function retried(
  run: Run,
  { node: name, text }: { node: string; text: string },
): RunEvent[] | Problem {
  const node = run.nodes.get(name);
  if (node === undefined) return noNode(run, name);
  const refusal = refusalOfChange(run) ?? refusalOfDropped(run, node);
  if (refusal !== null) return refusal;
  const { status } = node.state;
  if (status === 'waiting') return [];
  if (status === 'running' || status === 'gating') {
    const fix = `Let it end, or stop it first: stop {run_id: "${run.spec.runId}", node: "${name}"}`;
    return nodeState(run, node, 'has ended', fix);
  }
  const reason = text === '' ? 'a person asked for it again' : text;
  const findings =
    text === ''
      ? []
      : [
          {
            severity: 'major' as const,
            title: text,
            file: null,
            line: null,
            evidence: 'said by the person who asked for it again',
          },
        ];
  return [invalidationOf(run, { by: 'person', target: name, reason, findings })];
}

function skipped(run: Run, name: string): RunEvent[] | Problem {
  const node = run.nodes.get(name);
  if (node === undefined) return noNode(run, name);
  const { status } = node.state;
  if (status === 'skipped') return [];
  const refusal = refusalOfChange(run);
  if (refusal !== null) return refusal;
  if (status === 'waiting' || status === 'failed' || status === 'blocked')
    return [{ type: 'node.skipped', node: name, by: 'person' }];
  const fix =
    status === 'running' || status === 'gating'
      ? `Let it end, or stop it first: stop {run_id: "${run.spec.runId}", node: "${name}"}`
      : `See what it did with: output {run_id: "${run.spec.runId}", node: "${name}"}`;
  return nodeState(run, node, 'waits, has failed or is blocked', fix);
}

function told(
  run: Run,
  { node: name, text }: { node: string; text: string },
): RunEvent[] | Problem {
  const node = run.nodes.get(name);
  if (node === undefined) return noNode(run, name);
  const refusal = refusalOfChange(run);
  if (refusal !== null) return refusal;
  const { runId } = run.spec;
  const { status } = node.state;
  if (node.spec.kind !== 'agent') {
    const fix = `Tell it to an agent, or answer what the run asks: poll {run_id: "${runId}"}`;
    return nodeState(run, node, 'has a worker that can be told something', fix);
  }
  if (status === 'waiting' || status === 'running' || status === 'gating')
    return [{ type: 'node.told', node: name, text }];
  const fix = `To have it done again with your words: workflow_control {run_id: "${runId}", action: "retry", node: "${name}", text: "…"}`;
  return nodeState(run, node, 'waits or is at work', fix);
}

function paused(run: Run, workers: 'finish' | 'stop'): RunEvent[] | Problem {
  if (run.status.status !== 'running') {
    const { runId } = run.spec;
    const fix = isResumable(run)
      ? `It does nothing until: workflow_control {run_id: "${runId}", action: "resume"}`
      : `See how it ended with: output {run_id: "${runId}"}`;
    return wrongState(run, 'at work', fix);
  }
  const isSo = run.paused?.workers === 'stop' || run.paused?.workers === workers;
  return isSo ? [] : [{ type: 'run.paused', workers }];
}

function resumed(run: Run, { budget }: Extract<Signal, { kind: 'resume' }>): RunEvent[] | Problem {
  if (isResumable(run)) return [{ type: 'run.resumed', budget: budget ?? run.spec.budget }];
  // Under way, and not paused: all there is to change is the budget.
  if (run.status.status === 'running')
    return budget === null ? [] : [{ type: 'run.resumed', budget }];
  const fix =
    run.status.status === 'stopping'
      ? `Wait until it has stopped: poll {run_id: "${run.spec.runId}"}`
      : `To do a node of it again: workflow_control {run_id: "${run.spec.runId}", action: "retry", node: "<node>"}`;
  return wrongState(run, 'paused, needs_rerun or exhausted', fix);
}

/** Who changes the graph of a run changes nothing that is just ending, or given up. */
function refusalOfChange(run: Run): Problem | null {
  if (run.status.status === 'stopping')
    return wrongState(
      run,
      'not stopping',
      `Wait until it has stopped: poll {run_id: "${run.spec.runId}"}`,
    );
  if (run.landed?.how !== 'discard') return null;
  return wrongState(run, 'not discarded', 'Start a new run for the rest.');
}

function refusalOfDropped(run: Run, node: RunNode): Problem | null {
  if (!isDropped(run, node)) return null;
  const emitter = node.emittedBy ?? '';
  const fix = `It was withdrawn when ${emitter} was done again; retry ${emitter} instead.`;
  return nodeState(run, node, 'is still part of the run', fix);
}

function noNode(run: Run, node: string): Problem {
  const known = [...run.nodes.keys()];
  return { code: 'node-not-found', runId: run.spec.runId, node, known };
}

function nodeState(run: Run, { spec, state }: RunNode, wanted: string, fix: string): Problem {
  const { runId } = run.spec;
  return { code: 'node-state', runId, node: spec.name, state: state.status, wanted, fix };
}

function wrongState(run: Run, wanted: string, fix: string): Problem {
  const { status } = run.status;
  const state =
    run.status.status === 'finished'
      ? run.landed?.how === 'discard'
        ? 'discarded'
        : run.status.rerun
          ? 'needs_rerun'
          : run.status.outcome
      : status;
  return { code: 'wrong-state', runId: run.spec.runId, state, wanted, fix };
}
