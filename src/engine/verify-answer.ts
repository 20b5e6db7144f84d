import { join, relative } from 'node:path';
import type { Verdict } from '../core/gate.ts';
import type { Engine } from './engine.ts';

export type VerifyAnswer = {
  pass: boolean;
  commit: string | null;
  tree: string | null;
  /** Their evidence is relative to the project here, so that it can be opened. */
  verdicts: readonly Verdict[];
  receipt: string | null;
  problems: readonly string[];
};

/** Evidence is named from the project, so that it can be opened. */
export function fromProject(
  { project }: Engine,
  verdicts: readonly Verdict[],
  folder: string,
): Verdict[] {
  return verdicts.map((one) => ({
    ...one,
    evidence: one.evidence === null ? null : relative(project, join(folder, one.evidence)),
  }));
}
