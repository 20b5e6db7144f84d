import type { Run } from '../core/run.ts';
import type { Repository } from '../git/repository.ts';
import type { Engine } from './engine.ts';
import type { Recorder } from './recorder.ts';

/** What it takes to bring the work of a run somewhere. */
export type Delivery = {
  engine: Engine;
  recorder: Recorder;
  repository: Repository;
  run: Run;
  signal: AbortSignal;
};

/** The goal on one line, as the subject of a commit. */
export function subjectOf({ spec }: Run): string {
  const flat = spec.goal.replaceAll(/\s+/g, ' ').trim();
  return flat.length > 60 ? `${flat.slice(0, 57).trimEnd()}...` : flat;
}

/** Durable before the branch moves. */
export function startMove(
  { recorder }: Delivery,
  move: { target: string; from: string; to: string },
): void {
  recorder.fence();
  const before = recorder.run().move;
  if (before?.target === move.target && before.from === move.from && before.to === move.to) return;
  recorder.record([{ type: 'land.started', ...move }]);
}
