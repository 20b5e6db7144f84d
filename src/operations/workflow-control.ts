import { z } from 'zod';
import { runStates } from '../core/view.ts';
import { sourceChangedText } from './picture.ts';
import { defineOperation } from './operation.ts';

export const controlInput = z.strictObject({
  run_id: z.string(),
  action: z.enum(['retry', 'skip', 'approve', 'reject', 'pause', 'resume']),
  node: z.string().optional(),
  text: z.string().max(20_000).default('').describe('For its worker, or why'),
  workers: z.enum(['finish', 'stop']).default('finish').describe('On pause'),
});

export const controlOutput = z.object({
  run_id: z.string(),
  action: controlInput.shape.action,
  state: z.enum(runStates),
  /** False when nobody had heard it yet as this call had to answer; it is not lost. */
  done: z.boolean(),
  /** The nodes it was about, as they are now; at most 50. */
  nodes: z.array(z.object({ node: z.string(), status: z.string() })),
  /** What a retry takes back: the node itself and all that rests on it. Their receipts are stale. */
  invalidated: z.array(z.string()),
  /** What those had emitted. */
  dropped: z.array(z.string()),
  more: z.number().optional(),
  source_changed: z.string().optional(),
  next: z.string().optional(),
});

export const workflowControl = defineOperation({
  name: 'workflow_control',
  title: 'Change a run on its way',
  summary:
    'Retry a node (all that rests on it is done again), skip one, approve or reject what waits for a yes, pause a run, resume one that is paused or needs_rerun.',
  kind: 'destroy',
  toolset: 'workflow',
  searchHint: 'redo, rerun, skip, approve, continue',
  positional: ['run_id', 'action', 'node'],
  input: controlInput,
  output: controlOutput,
  run: async (input, context) => (await import('./control-run.ts')).controlRun(input, context),
  render: ({
    run_id,
    action,
    state,
    done,
    nodes,
    invalidated,
    dropped,
    more,
    source_changed,
    next,
  }) =>
    [
      `${run_id}: ${action} ${done ? 'done' : 'sent'}, the run is ${state}`,
      ...nodes.map(({ node, status }) => `  ${node} ${status}`),
      ...(invalidated.length === 0 ? [] : [`invalidated: ${invalidated.join(', ')}`]),
      ...(dropped.length === 0 ? [] : [`withdrawn: ${dropped.join(', ')}`]),
      ...(more === undefined ? [] : [`… ${more} more`]),
      ...(source_changed === undefined ? [] : [sourceChangedText(source_changed)]),
      ...(next === undefined ? [] : [next]),
    ].join('\n'),
  exitCode: ({ done }) => (done ? 0 : 1),
});
