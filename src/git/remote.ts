import type { Environment } from '../platform/environment.ts';
import { MoError } from '../core/problem.ts';
import { runCommand } from '../platform/process.ts';
import { readAddress } from './address.ts';
import { line, type Git } from './git.ts';

export type Remote = {
  /** `origin`. */
  name: string;
  /** What the target is called there. */
  base: string;
  host: string;
  /** `acme/shop`; groups may make it longer. */
  path: string;
};

/** Where a pull request against a branch goes: the branch's upstream, else the only remote, else `origin`. Throws no-remote. */
export async function remoteOf(git: Git, target: string, env: Environment): Promise<Remote> {
  const upstream = await configOf(git, `branch.${target}.remote`);
  const names = (await git.text(['remote'])).split('\n').filter((name) => name !== '');
  const name = chosen(names, upstream);
  if (name === null) {
    const reason =
      names.length === 0
        ? 'the repository has no remote'
        : `${target} has no upstream, and of the remotes (${names.join(', ')}) none is called origin`;
    throw new MoError({ code: 'no-remote', target, reason });
  }
  const address = readAddress(line(await git.text(['remote', 'get-url', name])));
  if (address === null) {
    const reason = `the remote ${name} is a folder, which takes none`;
    throw new MoError({ code: 'no-remote', target, reason });
  }
  const merged = name === upstream ? await configOf(git, `branch.${target}.merge`) : null;
  const base = merged?.replace(/^refs\/heads\//, '') ?? target;
  const host = address.isSsh ? await realHost(address.host, { folder: git.folder, env }) : null;
  return { name, base, path: address.path, host: forWeb(host ?? address.host) };
}

function chosen(names: readonly string[], upstream: string | null): string | null {
  if (upstream !== null && names.includes(upstream)) return upstream;
  if (names.length === 1) return names[0] ?? null;
  return names.includes('origin') ? 'origin' : null;
}

async function configOf(git: Git, key: string): Promise<string | null> {
  const answer = await git.run(['config', '--get', key], { accept: [0, 1] });
  return answer.exitCode === 0 ? line(answer.stdout) : null;
}

const askMs = 5_000;

/** ssh may know the host under another name: `git@work:acme/shop.git`. null: it does not say. https://man.openbsd.org/ssh#G */
async function realHost(
  host: string,
  { folder, env }: { folder: string; env: Environment },
): Promise<string | null> {
  const answer = await runCommand('ssh', ['-G', host], { cwd: folder, env, timeoutMs: askMs });
  return answer.exitCode === 0 ? (/^hostname (\S+)$/m.exec(answer.stdout)?.[1] ?? null) : null;
}

/** Both have a second name for ssh over the port of https. */
function forWeb(host: string): string {
  return host.replace(/^(?:ssh\.(?=github\.com$)|altssh\.(?=gitlab\.com$))/, '');
}
