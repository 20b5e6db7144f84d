import type { Spend } from '../../../core/spend.ts';
import type { Done } from './answer.ts';
import type { WorkerOptions } from './options.ts';
import type { Report } from './report.ts';

/** What a worker knows of itself while it follows its script. */
export type Worker = {
  options: WorkerOptions;
  report: Report;
  spend: Spend;
  answered: boolean;
  done: Done;
};

/** After a step: the exit code to end with, or the next step. */
export type After = number | 'go on';
