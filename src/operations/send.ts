import { z } from 'zod';
import { runStates } from '../core/view.ts';
import { defineOperation } from './operation.ts';

export const sendInput = z.strictObject({
  run_id: z.string(),
  node: z.string().optional().describe('Default: the only one at work'),
  text: z.string().max(20_000).optional(),
  answer: z
    .strictObject({
      request: z.string().optional(),
      decision: z.string(),
      text: z.string().max(20_000).optional(),
    })
    .optional()
    .describe('To what the run needs'),
});

export const sendOutput = z.object({
  run_id: z.string(),
  state: z.enum(runStates),
  node: z.string().optional(),
  /** `interrupted`: it goes on knowing it. `kept`: its first or next worker is told. `answered`: the run goes on. */
  what: z.enum(['interrupted', 'kept', 'answered']),
  /** False when nobody had heard it yet as this call had to answer; it is not lost. */
  done: z.boolean(),
  next: z.string(),
});

export const send = defineOperation({
  name: 'send',
  title: 'Tell an agent, answer a run',
  summary:
    'Steer an agent with text: it is interrupted and goes on in its session knowing it. Or answer the question, plan or approval a run waits for.',
  kind: 'write',
  toolset: 'core',
  searchHint: 'steer, message agent, answer question',
  positional: ['run_id', 'text'],
  fromStdin: { given: 'text', as: 'text' },
  input: sendInput,
  output: sendOutput,
  run: async (input, context) => (await import('./send-words.ts')).sendWords(input, context),
  render: ({ run_id, state, node, what, done, next }) =>
    [
      `${run_id}: ${node === undefined ? '' : `${node} `}${said[what]}${done ? '' : ' as soon as somebody hears it'}, the run is ${state}`,
      next,
    ].join('\n'),
});

const said = {
  interrupted: 'is interrupted and goes on knowing it',
  kept: 'is told when it starts',
  answered: 'answered',
} as const;
