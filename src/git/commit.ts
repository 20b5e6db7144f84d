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
  const parents = commit.parents.flatMap((parent) => ['-p', parent]);
  const text = await git.text(['commit-tree', commit.tree, ...parents], {
    stdin: withTrailers(commit.message, commit.trailers),
    env: await committerOf(git),
  });
  return line(text);
}

/** Who signs what mo commits: the user as configured in git, else mo itself, so that a machine without an identity works too. */
export async function committerOf(git: Git): Promise<Environment> {
  const answer = await git.run(['config', '-z', '--get-regexp', '^user\\.(name|email)$'], {
    accept: [0, 1],
  });
  const found = new Map(
    records(answer.stdout).map((record) => {
      const [key = '', ...value] = record.split('\n');
      return [key, value.join('\n').trim()];
    }),
  );
  if (found.get('user.name') && found.get('user.email')) return {};
  return {
    GIT_AUTHOR_NAME: 'mo',
    GIT_AUTHOR_EMAIL: 'mo@localhost',
    GIT_COMMITTER_NAME: 'mo',
    GIT_COMMITTER_EMAIL: 'mo@localhost',
  };
}

export async function treeOf(git: Git, commit: string): Promise<string> {
  return line(await git.text(['rev-parse', '--verify', `${commit}^{tree}`]));
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
