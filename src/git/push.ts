import { MoError } from '../core/problem.ts';
import { redact } from '../core/redact.ts';
import type { Environment } from '../platform/environment.ts';
import type { Git } from './git.ts';

export type Push = {
  remote: string;
  commit: string;
  /** The branch there. */
  branch: string;
  /** Of the user: what signs in at the remote is theirs. */
  env: Environment;
  timeoutMs: number;
};

/**
 * Puts a commit on a branch of a remote. Never forced: a run's branch only goes forward, so what does not follow from what is there was
 * put there by somebody else. Nobody is asked anything, no hook runs. Throws push-failed.
 */
export async function pushCommit(git: Git, push: Push): Promise<void> {
  const { remote, commit, branch, env, timeoutMs } = push;
  try {
    await git.run(
      [
        'push',
        '--no-verify',
        '--no-signed',
        '--no-follow-tags',
        '--recurse-submodules=no',
        remote,
        `${commit}:refs/heads/${branch}`,
      ],
      { env: outward(env), timeoutMs },
    );
  } catch (cause) {
    if (!(cause instanceof MoError) || cause.problem.code !== 'git-failed') throw cause;
    const reason = reasonOf(cause.problem.stderr, timeoutMs);
    throw new MoError({ code: 'push-failed', branch, remote, reason }, { cause });
  }
}

function reasonOf(stderr: string, timeoutMs: number): string {
  if (stderr === 'it took too long and was ended')
    return `it gave no answer within ${Math.round(timeoutMs / 1000)} s`;
  if (/\((?:fetch first|non-fast-forward)\)|\bcontains work that you do not have\b/.test(stderr))
    return 'there are commits on it that mo did not put there';
  return redact(stderr).slice(-1_000);
}

/** Credential helpers, agents and proxies as the user has them; without the markers of a surrounding git, and without anybody to ask. */
function outward(env: Environment): Environment {
  const passed = Object.entries(env).filter(
    ([name]) => !name.startsWith('GIT_') || /^GIT_SS[HL]/.test(name),
  );
  return {
    ...Object.fromEntries(passed),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    SSH_ASKPASS: '',
    SSH_ASKPASS_REQUIRE: 'never',
    GCM_INTERACTIVE: 'never',
  };
}
