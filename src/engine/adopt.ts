import { redactorOf } from '../core/redact.ts';
import type { ProcessId, Provider } from '../core/worker.ts';
import { endTree } from '../platform/process-tree.ts';
import { adoptAttempt } from '../supervisor/adopt-attempt.ts';
import { markerOf } from '../supervisor/marker.ts';
import type { AttemptContext } from './attempt.ts';
import { secretsOfRun } from './profile-secrets.ts';
import {
  depsOf,
  endOf,
  follow,
  heedLater,
  providerOf,
  watchOf,
  type AttemptDesk,
} from './watch-worker.ts';

/** A worker that an earlier owner started, alive or not: nothing is started twice. */
export async function performAdoption(desk: AttemptDesk, name: string): Promise<void> {
  const { engine, recorder } = desk;
  const run = recorder.run();
  const node = run.nodes.get(name);
  if (node?.state.status !== 'running') return;
  const { attempt, process, reserved } = node.state;
  const route = node.attempts.at(-1)?.route ?? null;
  const context: AttemptContext = {
    engine,
    epoch: desk.epoch,
    recorder,
    node: node.spec,
    attempt,
    route,
    reserved,
    redact: redactorOf(await secretsOfRun(engine, run)),
  };
  const key = { runId: run.spec.runId, node: name, attempt };
  try {
    const adopted = await adoptAttempt(
      watchOf(context, await providerOrEnd(desk, context, process)),
      process,
      engine.store.getCheckpoint(key),
      depsOf(desk, context),
    );
    heedLater(adopted);
    if (adopted.process !== null) {
      recorder.record([{ type: 'attempt.adopted', node: name, attempt, process: adopted.process }]);
      engine.log(`${name} attempt ${attempt}: adopted pid ${adopted.process.pid}`);
    }
    await follow(desk, context, adopted);
  } catch (cause) {
    endOf(desk, context, cause);
  }
}

/** A worker nobody can read any more (its provider is gone from this version of mo) is not left to itself. */
async function providerOrEnd(
  { engine, recorder }: AttemptDesk,
  { node, attempt, route }: AttemptContext,
  leader: ProcessId | null,
): Promise<Provider> {
  try {
    return providerOf(engine, node, route);
  } catch (cause) {
    const { runId } = recorder.run().spec;
    const folder = engine.paths.attemptFolder(runId, node.name, attempt);
    const marker = markerOf({ run: runId, node: node.name, attempt, folder });
    await endTree({ leader, marker }, { clock: engine.clock, asks: [] });
    throw cause;
  }
}
