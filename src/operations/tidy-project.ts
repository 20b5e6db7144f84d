import { relative } from 'node:path';
import type { z } from 'zod';
import {
  planArchive,
  planClean,
  planInit,
  planMigrate,
  planPolicy,
  type Plan,
} from '../governance/plan.ts';
import { dayMs } from '../governance/old-runs.ts';
import type { Place } from '../governance/place.ts';
import { perform, type Outcome, type Step } from '../governance/step.ts';
import type { OperationContext } from './context.ts';
import type { applyInput, applyOutput } from './project-apply.ts';
import { placeOf } from './read-project.ts';

type Input = z.output<typeof applyInput>;
type Result = z.input<typeof applyOutput>;

const mostShown = 60;

/** Shows the steps, or does them; what was cut off in the middle is done by calling it again. */
export async function tidyProject(input: Input, context: OperationContext): Promise<Result> {
  const place = await placeOf(context);
  const { steps, kept } = await planOf(place, input);
  const done: Result['steps'] = [];
  for (const step of steps) {
    const outcome = input.dry_run ? null : await perform(place, step);
    done.push({ ...told(place, step), ...(outcome === null ? {} : toldOf(outcome)) });
    if (!input.dry_run && steps.length > 1)
      context.progress(`${done.length} of ${steps.length} done`);
  }
  return {
    action: input.action,
    dry_run: input.dry_run,
    steps: done.slice(0, mostShown),
    ...(done.length > mostShown ? { more: done.length - mostShown } : {}),
    bytes: steps.reduce((sum, { bytes }) => sum + bytes, 0),
    ...(done.some(({ bytes_after }) => bytes_after !== undefined)
      ? { bytes_after: done.reduce((sum, one) => sum + (one.bytes_after ?? one.bytes), 0) }
      : {}),
    kept: kept.slice(0, mostShown).map(({ path, why }) => ({ path: shown(place, path), why })),
    ...(input.dry_run && steps.length > 0
      ? { next: `To do it: project_apply {action: "${input.action}", dry_run: false}` }
      : {}),
  };
}

function toldOf(outcome: Outcome): Pick<Result['steps'][number], 'refused' | 'bytes_after'> {
  if (outcome.refused !== null) return { refused: outcome.refused };
  return outcome.bytesAfter === null ? {} : { bytes_after: outcome.bytesAfter };
}

async function planOf(place: Place, input: Input): Promise<Plan> {
  const olderThan = input.older_than_days * dayMs;
  switch (input.action) {
    case 'init':
      return planInit(place);
    case 'clean':
      return planClean(place, olderThan);
    case 'archive':
      return planArchive(place, olderThan);
    case 'migrate':
      return planMigrate(place);
    case 'policy':
      return planPolicy(place, input.remove);
  }
}

function told(place: Place, step: Step): Result['steps'][number] {
  return {
    what: whatOf(step),
    path: shown(place, step.path),
    bytes: step.bytes,
    ...(step.ageDays === null ? {} : { age_days: step.ageDays }),
    ...(step.do === 'write' ? { diff: diffOf(step) } : {}),
  };
}

function whatOf(step: Step): string {
  switch (step.do) {
    case 'make':
      return 'make';
    case 'write':
      return step.before === null ? 'write' : 'change';
    case 'remove':
      return 'remove';
    case 'collect':
      return 'park and remove';
    case 'drop':
      return 'remove the empty folder';
    case 'archive':
      return `${step.run === null ? 'move' : 'compress and move'} to archives/${step.to}`;
    case 'compress':
      return 'compress';
  }
}

/** mo only ever adds, replaces or takes out one run of lines, so what is the same at both ends is left out. */
function diffOf({ before, text }: Extract<Step, { do: 'write' }>): string {
  const old = before === null || before === '' ? [] : before.split('\n');
  const fresh = text.split('\n');
  let start = 0;
  while (start < Math.min(old.length, fresh.length) && old[start] === fresh[start]) start += 1;
  let end = 0;
  const room = Math.min(old.length, fresh.length) - start;
  while (end < room && old.at(-1 - end) === fresh.at(-1 - end)) end += 1;
  return [
    ...old.slice(start, old.length - end).map((line) => `- ${line}`),
    ...fresh.slice(start, fresh.length - end).map((line) => `+ ${line}`),
  ].join('\n');
}

function shown({ root }: Place, path: string): string {
  return relative(root, path);
}
