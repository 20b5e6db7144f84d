import { tmpdir } from 'node:os';
import type { OperationContext } from '../../src/operations/context.ts';
import { systemClock } from '../../src/platform/clock.ts';

/** A context for operations that need nothing but the call itself; whatever else they ask for fails. */
export function bareContext(call: {
  signal: AbortSignal;
  progress: (text: string) => void;
  surface?: 'mcp' | 'cli';
}): OperationContext {
  return {
    surface: call.surface ?? 'mcp',
    version: '1.2.3',
    folder: tmpdir(),
    clock: systemClock,
    env: {},
    signal: call.signal,
    progress: call.progress,
    project: none,
    settings: none,
    providers: none,
    store: none,
    storeIfAny: none,
    ensureOwner: none,
    trust: none,
    verify: none,
  };
}

async function none(): Promise<never> {
  throw new Error('this operation was to need nothing');
}
