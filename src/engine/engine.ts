import type { FoundProfiles } from '../core/found-profile.ts';
import type { History } from '../core/model-score.ts';
import type { Worker } from '../core/routing.ts';
import type { Provider } from '../core/worker.ts';
import type { Clock } from '../platform/clock.ts';
import type { Environment } from '../platform/environment.ts';
import type { Store } from '../store/store.ts';
import type { WorkspacePaths } from '../store/paths.ts';
import type { Repository } from '../git/repository.ts';
import type { PromptPack } from '../workflow/prompt-text.ts';

/** What the owner of a run works with. One object, made by the composition root; nothing here is looked up anywhere else. */
export type Engine = {
  store: Store;
  paths: WorkspacePaths;
  /** null outside git: then no node writes. */
  repository: Repository | null;
  /** The checkout's root, or the folder itself outside git. */
  project: string;
  providers: readonly Provider[];
  /** argv prefix of a provider's command, or null when it is not installed. */
  findBinary: (name: string) => readonly string[] | null;
  /** Profiles that another program keeps, as they are now. */
  foundProfiles: () => Promise<FoundProfiles>;
  pack: PromptPack;
  clock: Clock;
  env: Environment;
  newUuid: () => string;
  /** One line to the owner's own log. */
  log: (line: string) => void;
};

/** The providers as the rules of routing see them. */
export function workersOf(engine: Engine): Worker[] {
  return engine.providers.map((provider) => workerOf(engine, provider));
}

function workerOf(engine: Engine, provider: Provider): Worker {
  const isThere = engine.findBinary(provider.binary) !== null;
  return {
    provider: provider.name,
    vendor: provider.vendor,
    abilities: provider.abilities,
    lacks: provider.lacks,
    reason: isThere ? null : `the command ${provider.binary} is not on the PATH`,
  };
}

/** What the ledger knows of the workers. */
export function historyOf(store: Pick<Store, 'trackRecord' | 'outcomes'>): History {
  return { records: store.trackRecord(), outcomes: store.outcomes() };
}
