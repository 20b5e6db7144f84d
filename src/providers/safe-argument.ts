import { MoError } from '../core/problem.ts';

/** Refuses a value that a CLI would read as one of its flags: models, efforts and sessions may come from a file a model wrote. */
export function safeArgument(what: 'model' | 'effort' | 'session', value: string): string {
  if (/^[\w@][\w@.:/[\]+-]{0,199}$/.test(value)) return value;
  throw new MoError({
    code: 'bad-input',
    what: `${JSON.stringify(value)} is no name of a ${what}.`,
    fix: `Give a ${what} made of letters, digits and . _ : / @ + - [ ], at most 200 characters, not starting with a dash.`,
  });
}
