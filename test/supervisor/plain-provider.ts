import { z } from 'zod';
import { parseJson } from '../../src/core/json.ts';
import { noSpend } from '../../src/core/spend.ts';
import { workerEvent, type Provider } from '../../src/core/worker.ts';

const memory = z.object({ lines: z.number(), answer: z.string().nullable() });

/** Reads a stream whose lines are worker events already. Every event it passes on is counted, so a line read twice would show. */
export function plainProvider(
  description: Partial<ReturnType<Provider['describe']>> = {},
): Provider {
  return {
    name: 'plain',
    vendor: 'test',
    binary: 'plain',
    install: null,
    abilities: {
      resume: false,
      steer: false,
      structuredOutput: false,
      readOnly: false,
      usage: 'none',
      money: false,
      quota: false,
      sandbox: false,
      commands: false,
    },
    describe: () => ({
      command: 'plain',
      args: [],
      env: {},
      passEnv: [],
      dropEnv: [],
      files: [],
      ...description,
    }),
    parser: (remembered) => {
      const state = memory.safeParse(remembered).data ?? { lines: 0, answer: null };
      return {
        push: (line) => {
          state.lines += 1;
          const event = workerEvent.safeParse(parseJson(line)?.value).data;
          if (event?.type === 'result' && event.ok) state.answer = event.text;
          return [event ?? { type: 'unknown', sample: line.slice(0, 200) }];
        },
        memory: () => ({ ...state }),
        conclude: ({ exitCode, signal, stderr }) => ({
          class:
            state.answer === null
              ? exitCode === null && signal === null
                ? 'lost'
                : 'crashed'
              : 'done',
          message: state.answer === null ? `it said: ${stderr.trim()}` : 'it is done',
          exitCode,
          signal,
          session: null,
          model: null,
          spend: noSpend,
          resetsAt: null,
          answer: state.answer ?? '',
          structured: null,
        }),
      };
    },
    probe: {
      versionArgs: [],
      version: () => null,
      authArgs: null,
      signedIn: () => 'unknown',
      unable: () => null,
      keyEnv: [],
    },
  };
}
