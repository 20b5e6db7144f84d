import type { OperationContext } from '../../src/operations/context.ts';
import type { House } from '../engine/house.ts';
import { bareContext } from '../mcp/bare-context.ts';

/** What operations on the project of a house are given. */
export function contextOf(house: House): OperationContext {
  return {
    ...bareContext({ signal: new AbortController().signal, progress: () => {} }),
    folder: house.repo,
    env: { ...house.engine.env, XDG_CONFIG_HOME: house.folder, XDG_DATA_HOME: house.folder },
    project: async () => ({
      root: house.repo,
      git: {
        head: (await house.git('rev-parse', 'HEAD')).trim(),
        branch: 'main',
        dirtyFiles: async () => [],
        needRemote: async () => {},
        lastRunNumber: async () => 0,
      },
    }),
    settings: async () => ({ settings: {}, untrusted: null }),
    store: async () => house.store,
    storeIfAny: async () => house.store,
  };
}
