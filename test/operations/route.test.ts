import { expect, test } from 'vitest';
import { MoError } from '../../src/core/problem.ts';
import type { Operation } from '../../src/operations/operation.ts';
import type { OperationContext } from '../../src/operations/context.ts';
import { route } from '../../src/operations/route.ts';
import { run } from '../../src/operations/run.ts';
import { workflowRun } from '../../src/operations/workflow-run.ts';
import { aProject } from './project.ts';

const scripted = { provider: 'scripted' };

test.each([
  ['run', run, { ...scripted, task: 'look' }],
  ['route', route, scripted],
])(
  '%s refuses where every lane is closed, and says until when',
  async (_name, operation, input) => {
    const { context } = await closedProject();
    const error = await refusal(operation, input, context);
    expect({ code: error.code, exit: error.exitCode }).toEqual({ code: 'lane-closed', exit: 4 });
    expect(error.message).toBe(
      'Nobody can take role implementation yet: scripted is closed until 2100-01-01T00:00:00.000Z: The limit of 5 hours is used up. Wait until 2100-01-01T00:00:00.000Z, or name another provider or profile.',
    );
  },
);

test('a workflow starts where every lane is closed: it waits', async () => {
  const { context, ownersAskedFor } = await closedProject();
  const nodes = { look: { ...scripted, task: 'look' } };
  const workflow = JSON.stringify({ version: 1, name: 'look', nodes });
  const { data } = await workflowRun.call({ workflow }, context);
  expect(ownersAskedFor).toEqual([data['run_id']]);
});

async function closedProject() {
  const { store, context, ownersAskedFor } = await aProject();
  const closedUntil = Date.UTC(2100, 0);
  const reason = 'The limit of 5 hours is used up.';
  store.closeLane({ ...scripted, profile: null, closedUntil, reason });
  return { context, ownersAskedFor };
}

async function refusal(
  operation: Operation,
  input: Record<string, unknown>,
  context: OperationContext,
): Promise<MoError> {
  const outcome = await operation.call(input, context).catch((error: unknown) => error);
  if (outcome instanceof MoError) return outcome;
  throw new Error('it was not refused');
}
