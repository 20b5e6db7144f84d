import { z } from 'zod';
import { defineOperation } from './operation.ts';
import { runStates } from '../core/view.ts';

export const stopOutput = z.object({
  run_id: z.string(),
  state: z.enum(runStates),
  /** False when it was still ending as this call had to answer. */
  done: z.boolean(),
  processes: z.array(
    z.object({ node: z.string(), attempt: z.number(), pid: z.number(), gone: z.boolean() }),
  ),
  next: z.string().optional(),
});

export const stop = defineOperation({
  name: 'stop',
  title: 'Stop a run or one of its agents',
  summary:
    'Stop a run or one node: its agents are interrupted, then ended, and every process is proven gone. Finished work stays. force: at once.',
  kind: 'destroy',
  toolset: 'core',
  alwaysLoad: true,
  searchHint: 'cancel, abort, kill agent',
  positional: 'run_id',
  input: z.strictObject({
    run_id: z.string(),
    node: z.string().optional().describe('Default: the whole run'),
    force: z.boolean().default(false),
  }),
  output: stopOutput,
  run: async (input, context) => (await import('./stop-run.ts')).stopRun(input, context),
  render: ({ run_id, state, done, processes, next }) =>
    [
      `${run_id} ${done ? `is ${state}` : 'is still ending'}, ${processes.filter(({ gone }) => gone).length} of ${processes.length} processes gone`,
      ...processes.map(
        ({ node, attempt, pid, gone }) =>
          `${gone ? '✓' : '!'} ${node} attempt ${attempt}, pid ${pid} ${gone ? 'gone' : 'still there'}`,
      ),
      ...(next === undefined ? [] : [next]),
    ].join('\n'),
});
