import type { FoundProfiles } from '../core/found-profile.ts';
import type { Verdict } from '../core/gate.ts';
import type { MoError, Surface } from '../core/problem.ts';
import type { Settings } from '../core/settings.ts';
import type { Provider } from '../core/worker.ts';
import type { Clock } from '../platform/clock.ts';
import type { TrustedProject } from '../platform/config.ts';
import type { Environment } from '../platform/environment.ts';
import type { Store } from '../store/store.ts';

/**
 * What an operation may use, given by the composition root for one call. Everything that costs time is a function: the start of a
 * surface, and an operation that needs little, pay only for what they use.
 */
export type OperationContext = {
  surface: Surface;
  /** Of the terminal the answer is for; absent where it is for none. */
  columns?: number;
  /** Of mo itself. */
  version: string;
  /** Absolute; exists. The project is what contains it. */
  folder: string;
  clock: Clock;
  env: Environment;
  /** Aborted when the caller no longer waits; a run is never stopped by that. */
  signal: AbortSignal;
  /** One line for whoever waits; shown where the surface can. */
  progress: (text: string) => void;
  project: () => Promise<Project>;
  settings: () => Promise<ProjectSettings>;
  providers: () => Promise<readonly Provider[]>;
  /** Creates the workspace where there is none. */
  store: () => Promise<Store>;
  /** Leaves a project without a workspace as it is. */
  storeIfAny: () => Promise<Store | null>;
  /** Makes sure that a live owner executes the run: does nothing where there is one. */
  ensureOwner: (runId: string) => Promise<void>;
  /** Trusts the project's mo.yaml, recipes and prompts as the files are now. Throws `bad-settings` for a prompt that is wrong; then nothing is trusted. */
  trust: () => Promise<TrustedProject>;
  verify: (wish: VerifyWish) => Promise<VerifyResult>;
};

/** Project, user and environment together. Commands of a repository that nobody has trusted are left out and named here. */
type ProjectSettings = {
  settings: Settings;
  untrusted: { file: string; commands: readonly string[] } | null;
  /** What another program's profiles came to; null where the settings leave them out. */
  found?: FoundProfiles | null;
};

export type Project = {
  /** The checkout's root, or the folder itself outside git. */
  root: string;
  /** Why `git` is null, where it is not simply that there is no repository. */
  withoutGit?: MoError;
  /** null outside git: then nothing can be written. */
  git: {
    head: string;
    branch: string | null;
    /** What a merge into this checkout would have to fear. */
    dirtyFiles: () => Promise<readonly string[]>;
    /** Throws `no-remote` where there is nowhere to open a pull request against this branch. */
    needRemote: (branch: string) => Promise<void>;
    /** The highest number of a run that has left refs in the repository; 0 without one. */
    lastRunNumber: () => Promise<number>;
  } | null;
};

export type VerifyWish =
  | { what: 'run'; runId: string; node: string | null; commands: readonly string[] }
  | { what: 'folder'; folder: string; base: string; commands: readonly string[] }
  | { what: 'receipt'; file: string };

export type VerifyResult = {
  pass: boolean;
  commit: string | null;
  tree: string | null;
  verdicts: readonly Verdict[];
  /** The receipt that was written or read, relative to the project. */
  receipt: string | null;
  /** Of a receipt that is no longer true: why. */
  problems: readonly string[];
};
