/** One that a tool has told of; `id` is what the tool calls it. */
export type PullRequest = {
  id: string;
  url: string;
  state: 'open' | 'closed' | 'merged';
  base: string;
};

/** `host` and `path` of the repository, `head` and `base` as its branches are called there. */
export type RequestPlace = { host: string; path: string; head: string; base: string };

/** `bodyFile` is absolute. */
export type RequestText = { title: string; bodyFile: string };

/** The command line of a place where repositories are kept, as data: arguments in, answers out. */
export type RequestTool = {
  binary: 'gh' | 'glab';
  /** How a host that is one of these is called. */
  hostHint: RegExp;
  /** Exit code 0 where it is signed in. */
  signedIn: (host: string) => string[];
  /** Whatever has become of them, the newest first. */
  list: (place: RequestPlace) => string[];
  readList: (stdout: string) => PullRequest[];
  create: (place: RequestPlace, text: RequestText) => string[];
  /** The address of the one that was opened. */
  readCreated: (stdout: string) => string | null;
  close: (place: RequestPlace, request: PullRequest) => string[];
  /** What a person types to open it, and where a browser does. */
  byHand: (place: RequestPlace, text: RequestText) => { command: string; page: string };
};

/** One word of a shell command. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
