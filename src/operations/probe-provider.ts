import { installText } from '../core/problem.ts';
import { lackText } from '../core/shown.ts';
import type { Lack, Provider } from '../core/worker.ts';
import type { Environment } from '../platform/environment.ts';
import { findBinary } from '../platform/find-binary.ts';
import { runCommand } from '../platform/process.ts';

/** What is known of an installed worker CLI without spending anything. */
export type ProbedProvider = {
  provider: Provider;
  /** Where its command is; null when it is not on the PATH. */
  path: string | null;
  /** null when it does not say, or not in time. */
  version: string | null;
  signedIn: 'yes' | 'no' | 'unknown';
  /** Why it cannot be used, and what to do; null when nothing speaks against it. */
  problem: { what: string; fix: string } | null;
};

const timeoutMs = 5_000;
const keptMs = 60_000;
const kept = new Map<string, { at: number; probed: Promise<ProbedProvider> }>();

/** Asks the CLI for its version and its sign-in. At most five seconds a question; an answer is kept for a minute. */
export function probeProvider(
  provider: Provider,
  asked: { env: Environment; folder: string; now: number; signal: AbortSignal },
): Promise<ProbedProvider> {
  const shown = JSON.stringify(provider.lacks ?? []);
  const key = [provider.name, asked.env['PATH'], asked.env['HOME'], shown].join('\0');
  const known = kept.get(key);
  // A clock set back must not keep an old answer for ever.
  if (known !== undefined && Math.abs(asked.now - known.at) < keptMs) return known.probed;
  const probed = probe(provider, asked);
  kept.set(key, { at: asked.now, probed });
  // A broken off probe says nothing about the CLI.
  const forget = (): boolean => kept.delete(key);
  probed.then(() => asked.signal.aborted && forget(), forget);
  return probed;
}

async function probe(
  provider: Provider,
  asked: { env: Environment; folder: string; signal: AbortSignal },
): Promise<ProbedProvider> {
  const [file, ...prefix] = findBinary(provider.binary, asked.env) ?? [];
  if (file === undefined) {
    return {
      provider,
      path: null,
      version: null,
      signedIn: 'unknown',
      problem: {
        what: `${provider.binary} is not on the PATH.`,
        fix: `${installText(provider.install)}, then call health again.`,
      },
    };
  }
  const ask = (args: readonly string[]): ReturnType<typeof runCommand> =>
    runCommand(file, [...prefix, ...args], {
      cwd: asked.folder,
      env: withoutMarkers(asked.env),
      timeoutMs,
      signal: asked.signal,
      maxBytes: 1_000_000,
    });
  const [versionRun, authRun] = await Promise.all([
    ask(provider.probe.versionArgs),
    provider.probe.authArgs === null ? null : ask(provider.probe.authArgs),
  ]);
  const version = provider.probe.version(versionRun.stdout);
  const signedIn = authRun === null ? 'unknown' : provider.probe.signedIn(authRun);
  const hasKey = provider.probe.keyEnv.some((name) => (asked.env[name] ?? '') !== '');
  const path = prefix.at(-1) ?? file;
  const known = { provider, path, version, signedIn: hasKey ? ('yes' as const) : signedIn };
  const unable = authRun === null ? null : provider.probe.unable(authRun);
  return { ...known, problem: problemOf(known, { timedOut: versionRun.timedOut, unable }) };
}

function problemOf(
  probed: Omit<ProbedProvider, 'problem'>,
  { timedOut, unable }: { timedOut: boolean; unable: string | null },
): ProbedProvider['problem'] {
  const { binary } = probed.provider;
  if (probed.version === null) {
    return {
      what: `${probed.path ?? binary} ${timedOut ? `did not say its version within ${timeoutMs / 1000} s` : 'did not say its version'}.`,
      fix: `Run \`${binary} ${probed.provider.probe.versionArgs.join(' ')}\` in a terminal and mend what it says.`,
    };
  }
  if (unable !== null) {
    const what = `${binary} starts nothing: ${unable.replace(/\.$/, '')}.`;
    return { what, fix: 'Mend what it names.' };
  }
  const notStarted = startLack(probed.provider);
  if (notStarted !== null) return problemOfLack(probed.provider.name, notStarted);
  if (probed.signedIn === 'no') {
    return {
      what: `${binary} is not signed in.`,
      fix: `Run \`${binary}\` once in a terminal and sign in${keys(probed.provider)}.`,
    };
  }
  return null;
}

/** What was seen of a CLI that did not start when it was tried; null: nothing. */
export function startLack({ lacks = [] }: Pick<Provider, 'lacks'>): Lack | null {
  return lacks.find(({ ability }) => ability === 'start') ?? null;
}

/** What a CLI that was tried is not used for, and what was seen. */
export function problemOfLack(
  name: string,
  { ability, version, said }: Lack,
): { what: string; fix: string } {
  return {
    what: `${name} ${version} was tried and ${lackText(ability)}: ${said}`,
    fix:
      ability === 'start'
        ? 'Run `mo selftest --hosts` to try it again, or install another version.'
        : 'Install another version, then run `mo selftest --hosts`.',
  };
}

function keys(provider: Provider): string {
  return provider.probe.keyEnv.length === 0 ? '' : `, or set ${provider.probe.keyEnv.join(' or ')}`;
}

/** Inside a session of Claude Code its CLI would think it was started by itself. */
function withoutMarkers(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name !== 'CLAUDECODE'));
}
