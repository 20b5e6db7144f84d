import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { CliDeps, ServeWish } from './cli/cli-deps.ts';
import type { FoundProfiles } from './core/found-profile.ts';
import { MoError } from './core/problem.ts';
import type { Provider } from './core/worker.ts';
import type { Engine } from './engine/engine.ts';
import type { OperationContext, Project, VerifyResult, VerifyWish } from './operations/context.ts';
import { toolsets } from './operations/operation.ts';
import { systemClock } from './platform/clock.ts';
import { environment, type Environment } from './platform/environment.ts';
import { fewAtATime } from './platform/few-at-a-time.ts';
import type { Store } from './store/store.ts';
import type { PromptPack } from './workflow/prompt-text.ts';

/**
 * Composition root: puts the rooms together and hands them to the surfaces. Rooms are imported when they are first used, so that a
 * host that only lists tools, and a person who only asks for help, wait for nothing else.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const isBareServer = argv.length === 0 && !process.stdin.isTTY && isCalledAs('mo-mcp');
  // Hosts wait for this one line before they know any tool; a command line is not needed to read it.
  if (isBareServer || (argv.length === 1 && argv[0] === 'serve')) {
    await serve({ folder: null, toolsets, readOnly: false, exclude: [] });
    return 0;
  }
  // Not for people: what `ensureOwner` starts.
  if (argv[0] === 'owner' && argv[1] !== undefined && argv.length === 2) return executeRun(argv[1]);
  return runCommandLine(argv);
}

async function runCommandLine(argv: readonly string[]): Promise<number> {
  const [{ runCli }, { openTerminal }] = await Promise.all([
    import('./cli/main.ts'),
    import('./cli/terminal.ts'),
  ]);
  const env = environment();
  const deps: CliDeps = {
    version: MO_VERSION,
    terminal: openTerminal(env),
    isDebugging: (env['MO_DEBUG'] ?? '') !== '',
    contextOf: (call) => contextOf({ ...call, surface: 'cli', env: { ...env, ...call.extraEnv } }),
    serve,
  };
  return runCli(argv, deps);
}

async function serve(wish: ServeWish): Promise<void> {
  const [{ serve: serveMcp }, { chooseOperations }, { operations }] = await Promise.all([
    import('./mcp/serve.ts'),
    import('./mcp/choose-operations.ts'),
    import('./operations/operations.ts'),
  ]);
  const env = environment();
  // Claude Code says where the project is; other hosts start the server in it.
  const folder = wish.folder ?? env['CLAUDE_PROJECT_DIR'] ?? null;
  await serveMcp({
    operations: chooseOperations(operations, wish),
    version: MO_VERSION,
    contextOf: (call) =>
      contextOf({ ...call, folder, surface: 'mcp', env, readOnly: wish.readOnly }),
  });
}

function isCalledAs(name: string): boolean {
  return basename(process.argv[1] ?? '', '.mjs') === name;
}

type Call = Pick<OperationContext, 'surface' | 'env' | 'signal' | 'progress'> & {
  folder: string | null;
  /** Nothing is started, not even the owner of a run that was begun elsewhere. */
  readOnly?: boolean;
};

async function contextOf(call: Call): Promise<OperationContext> {
  const folder = resolve(call.folder ?? process.cwd());
  if (!(await isFolder(folder))) throw new MoError({ code: 'folder-missing', folder });
  const clock = systemClock;
  const project = once(() => fewLooks(() => projectOf(folder, call)));
  const root = async (): Promise<string> => (await project()).root;
  const store = async (): Promise<Store> => openedStore(await root());
  const settings = once(async () => {
    const { loadSettings } = await import('./platform/config.ts');
    const { settings: own, untrusted } = await loadSettings({ root: await root(), env: call.env });
    if (own.profiles?.cc_switch !== true) return { settings: own, untrusted, found: null };
    const [{ withFoundProfiles }, found] = await Promise.all([
      import('./core/found-profile.ts'),
      foundProfiles(call.env),
    ]);
    return { settings: withFoundProfiles(own, found.profiles), untrusted, found };
  });
  return {
    surface: call.surface,
    ...(call.surface === 'cli' && process.stdout.isTTY ? { columns: process.stdout.columns } : {}),
    version: MO_VERSION,
    folder,
    clock,
    env: call.env,
    signal: call.signal,
    progress: call.progress,
    project,
    settings,
    providers: () => installedProviders(call.env),
    store,
    storeIfAny: async () => openedStoreIfAny(await root()),
    ensureOwner: async (runId) => {
      const { ensureOwner, expectOwner } = await import('./engine/ensure-owner.ts');
      if (call.readOnly === true) expectOwner(await store(), { runId, clock });
      else await ensureOwner(await store(), { runId, env: call.env, clock });
    },
    trust: async () => {
      const [{ trustProject }, { checkProjectPrompts }] = await Promise.all([
        import('./platform/config.ts'),
        import('./workflow/prompts.ts'),
      ]);
      await checkProjectPrompts(await root());
      return trustProject({ root: await root(), env: call.env });
    },
    verify: async (wish) => {
      const engine = await engineOf({
        opening: store(),
        root: await root(),
        env: call.env,
        pack: (await import('./workflow/prompts.ts')).loadPromptPack(),
      });
      return verify(engine, wish, { settings, ...call });
    },
  };
}

/** Executes one run in this process, with the run's project as working folder, until it ends or only a person can go on. */
async function executeRun(runId: string): Promise<number> {
  const { identify } = await import('./platform/process-identity.ts');
  const owner = identify(process.pid);
  if (owner === null) throw new Error('this process does not find itself');
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => ended.abort());
  const root = process.cwd();
  const opening = openedStore(root);
  try {
    const [{ ownRun }, engine] = await Promise.all([
      import('./engine/owner.ts'),
      engineOf({ opening, root, env: environment(), pack: ownPrompts(root, environment()) }),
    ]);
    await ownRun(engine, runId, owner, ended.signal);
    return 0;
  } catch (error) {
    logLine(
      error instanceof MoError
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error),
    );
    return error instanceof MoError ? error.exitCode : 1;
  } finally {
    // One that could not be opened has been told of.
    await opening.then(
      (store) => store.close(),
      () => {},
    );
  }
}

/** The texts for workers, the project's own among them; which of these do not count is said in the log. */
async function ownPrompts(root: string, env: Environment): Promise<PromptPack> {
  const { loadProjectPrompts } = await import('./workflow/prompts.ts');
  const { pack, untrusted } = await loadProjectPrompts({ root, env });
  for (const { file } of untrusted)
    logLine(`${file} does not count: nobody has trusted it as it is now. Read it, then: mo trust`);
  return pack;
}

/** The store is opened, and the texts are read, meanwhile. */
async function engineOf(making: {
  opening: Promise<Store>;
  root: string;
  env: Environment;
  pack: Promise<PromptPack>;
}): Promise<Engine> {
  const { root, env } = making;
  const [{ openRepository }, providers, { findBinary }, { newUuid }] = await Promise.all([
    import('./git/repository.ts'),
    installedProviders(env),
    import('./platform/find-binary.ts'),
    import('./platform/ids.ts'),
  ]);
  const [store, pack, repository] = await Promise.all([
    making.opening,
    making.pack,
    openRepository(root, { env }).catch((error: unknown) => {
      if (error instanceof MoError && isWithoutGit(error)) return null;
      throw error;
    }),
  ]);
  return {
    store,
    paths: store.paths,
    repository,
    project: root,
    providers,
    foundProfiles: () => foundProfiles(env),
    findBinary: (name) => findBinary(name, env),
    pack,
    clock: systemClock,
    env,
    newUuid,
    log: logLine,
  };
}

async function foundProfiles(env: Environment): Promise<FoundProfiles> {
  const { ccSwitchProfiles } = await import('./profiles/cc-switch.ts');
  return ccSwitchProfiles(env);
}

async function installedProviders(env: Environment): Promise<readonly Provider[]> {
  const [{ providers }, { providersAsShown }] = await Promise.all([
    import('./providers/providers.ts'),
    import('./operations/providers-as-shown.ts'),
  ]);
  return providersAsShown(providers, env);
}

function isWithoutGit({ code }: MoError): boolean {
  return code === 'not-a-repository' || code === 'no-commits';
}

/** The owner's stderr is its log file. */
function logLine(text: string): void {
  process.stderr.write(`${new Date(systemClock.now()).toISOString()} ${text}\n`);
}

async function verify(
  engine: Engine,
  wish: VerifyWish,
  { settings, signal }: { settings: OperationContext['settings']; signal: AbortSignal },
): Promise<VerifyResult> {
  const [{ verifyFolder, verifyRun }, { verifyReceipt }] = await Promise.all([
    import('./engine/verify.ts'),
    import('./engine/verify-receipt.ts'),
  ]);
  switch (wish.what) {
    case 'run':
      return verifyRun(engine, { ...wish, signal });
    case 'folder':
      return verifyFolder(engine, { ...wish, ...(await settings()), signal });
    case 'receipt':
      return verifyReceipt(engine, wish);
  }
}

/** Each asks git twice; a host that calls a thousand times at once is not to start two thousand processes. */
const fewLooks = fewAtATime(8);

async function projectOf(folder: string, { env, signal }: Call): Promise<Project> {
  const { openRepository } = await import('./git/repository.ts');
  const { listUncommitted } = await import('./git/status.ts');
  const { lastRunNumber } = await import('./git/refs.ts');
  try {
    const repository = await openRepository(folder, { env, signal });
    return {
      root: repository.root,
      git: {
        head: repository.head,
        branch: repository.branch,
        dirtyFiles: once(async () => (await listUncommitted(repository)).tracked),
        needRemote: async (branch) => {
          const { remoteOf } = await import('./git/remote.ts');
          await remoteOf(repository.git, branch, env);
        },
        lastRunNumber: () => lastRunNumber(repository.git),
      },
    };
  } catch (error) {
    if (!(error instanceof MoError)) throw error;
    if (error.problem.code === 'not-a-repository') return { root: folder, git: null };
    // It has a root, and whoever only reads needs no more.
    if (error.problem.code === 'no-commits')
      return { root: error.problem.folder, git: null, withoutGit: error };
    throw error;
  }
}

const stores = new Map<string, Promise<Store>>();

/** One connection for each project, for as long as this process lives. */
async function openedStore(root: string): Promise<Store> {
  const known = stores.get(root);
  if (known !== undefined) {
    const store = await known;
    // A server lives for days, and meanwhile mo may have been updated.
    store.checkSchema();
    return store;
  }
  const { openStore } = await import('./store/store.ts');
  const opening = openStore(root, { clock: systemClock });
  stores.set(root, opening);
  // What could not be opened may be mended and tried again.
  opening.catch(() => stores.delete(root));
  return opening;
}

async function openedStoreIfAny(root: string): Promise<Store | null> {
  if (stores.has(root)) return openedStore(root);
  const { hasDatabase } = await import('./store/workspace.ts');
  const { workspacePaths } = await import('./store/paths.ts');
  return (await hasDatabase(workspacePaths(root))) ? openedStore(root) : null;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}
