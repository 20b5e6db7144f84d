import type { RunEvent } from '../core/event.ts';
import { weighExpression } from './expressions.ts';
import type { Engine } from './engine.ts';
import type { Recorder } from './recorder.ts';

/** Whether a node whose needs are met is wanted: its `when` says so before it starts, asks or expands. */
export async function performWeigh(
  engine: Engine,
  recorder: Recorder,
  name: string,
): Promise<void> {
  const run = recorder.run();
  const node = run.nodes.get(name);
  if (node === undefined || node.spec.when === null) return;
  const { when } = node.spec;
  const weighed = await weighExpression(when, run, node.spec);
  // What it was weighed over may be history by now: then it is weighed again.
  if (recorder.run().nodes.get(name) !== node || node.state.status !== 'waiting') return;
  const event: RunEvent = !weighed.ok
    ? {
        type: 'node.failed',
        node: name,
        message: `when: ${when} cannot be evaluated: ${weighed.message}`,
        findings: [],
      }
    : weighed.value === true
      ? { type: 'node.admitted', node: name }
      : { type: 'node.skipped', node: name, by: 'when' };
  recorder.record([event]);
  if (event.type !== 'node.admitted') engine.log(`${name}: when ${when}: ${event.type}`);
}
