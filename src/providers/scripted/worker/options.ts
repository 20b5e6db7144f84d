import { parseArgs } from 'node:util';

export type WorkerOptions = {
  folder: string;
  session: string;
  model: string;
  mode: 'read-only' | 'write';
  /** Whether the final answer was asked for as JSON; else it comes as prose with a block of JSON. */
  answers: 'structured' | 'prose';
  maxUsd: number | null;
};

/** Throws with a sentence for a person when a flag is unknown or lacks its value. */
export function readOptions(args: readonly string[]): WorkerOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      folder: { type: 'string' },
      session: { type: 'string' },
      resume: { type: 'string' },
      model: { type: 'string' },
      'read-only': { type: 'boolean' },
      structured: { type: 'boolean' },
      'max-usd': { type: 'string' },
    },
  });
  const maxUsd = values['max-usd'] === undefined ? null : Number(values['max-usd']);
  if (Number.isNaN(maxUsd)) throw new Error('--max-usd takes a number');
  return {
    folder: values.folder ?? process.cwd(),
    session: values.resume ?? values.session ?? 'scripted-session',
    model: values.model ?? 'scripted',
    mode: values['read-only'] === true ? 'read-only' : 'write',
    answers: values.structured === true ? 'structured' : 'prose',
    maxUsd,
  };
}
