/** A text that is not what its file should hold, or cannot be changed in place; `line` counts from 1. */
export class TextError extends Error {
  readonly line: number;

  constructor(what: string, line: number) {
    super(what);
    this.name = 'TextError';
    this.line = line;
  }
}
