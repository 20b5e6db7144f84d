import type { Environment } from '../platform/environment.ts';
import { line, records, type Git } from './git.ts';

export type NewCommit = {
  tree: string;
  /** None: a root commit. */
  parents: readonly string[];
  message: string;
  /** `{ 'Mo-Run': 'r-7-add-jwt' }`: the last lines of the message, in this order. */
  trailers: Readonly<Record<string, string>>;
};

/** Makes a commit of a tree; moves no ref and runs no hook. */
export async function commitTree(git: Git, commit: NewCommit): Promise<string> {
  const { tree } = commit;
  const parents = commit.parents.flatMap((parent) => ['-p', parent]);
  const text = await git.text(['commit-tree', tree, ...parents], {
    stdin: withTrailers(commit.message, commit.trailers),
    env: await committerOf(git),
  });
  const made = line(text);
  await git.remember(treeQuestion(made), () => Promise.resolve(tree));
  return made;
}

/**
 * Who signs what mo commits: the user as configured in git when it was first asked, whatever a worker configures later; else mo itself,
 * so that a machine without an identity works too.
 */
export async function committerOf(git: Git): Promise<Environment> {
  const said = await git.remember('identity', async () => {
    const keys = '^(user|author|committer)\\.(name|email)$';
    const answer = await git.run(['config', '-z', '--get-regexp', keys], { accept: [0, 1] });
    return answer.stdout;
  });
  const found = new Map(
    records(said).map((record) => {
      const [key = '', ...value] = record.split('\n');
      return [key, value.join('\n').trim()];
    }),
  );
  const { name, email } =
    found.get('user.name') && found.get('user.email')
      ? { name: found.get('user.name'), email: found.get('user.email') }
      : { name: 'mo', email: 'mo@localhost' };
  return {
    GIT_AUTHOR_NAME: found.get('author.name') || name,
    GIT_AUTHOR_EMAIL: found.get('author.email') || email,
    GIT_COMMITTER_NAME: found.get('committer.name') || name,
    GIT_COMMITTER_EMAIL: found.get('committer.email') || email,
  };
}

/** A commit never changes its tree, so each is asked for once. */
export async function treeOf(git: Git, commit: string): Promise<string> {
  const ask = async (): Promise<string> =>
    line(await git.text(['rev-parse', '--verify', `${commit}^{commit}^{tree}`]));
  return isFullId(commit) ? git.remember(treeQuestion(commit), ask) : ask();
}

function treeQuestion(commit: string): string {
  return `tree ${commit}`;
}

function isFullId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** Whether `later` holds `earlier` in its history; a commit holds itself. */
export async function isAncestor(git: Git, earlier: string, later: string): Promise<boolean> {
  if (earlier === later) return true;
  const answer = await git.run(['merge-base', '--is-ancestor', earlier, later], { accept: [0, 1] });
  return answer.exitCode === 0;
}

function withTrailers(message: string, trailers: Readonly<Record<string, string>>): string {
  // Messages quote models: git refuses NUL, and a trailer must stay on its line.
  const text = message.replaceAll('\0', '').trim();
  const lines = Object.entries(trailers).map(
    ([name, value]) => `${name}: ${value.replace(/[\s\0]+/g, ' ').trim()}`,
  );
  return [text, lines.join('\n')].filter((part) => part !== '').join('\n\n') + '\n';
}
