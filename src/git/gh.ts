import { z } from 'zod';
import {
  shellWord,
  type RequestPlace,
  type RequestText,
  type RequestTool,
} from './request-tool.ts';

const listed = z.array(
  z.object({
    url: z.string(),
    state: z.enum(['OPEN', 'CLOSED', 'MERGED']),
    baseRefName: z.string(),
    isCrossRepository: z.boolean().default(false),
  }),
);

const states = { OPEN: 'open', CLOSED: 'closed', MERGED: 'merged' } as const;

/** https://cli.github.com/manual/gh_pr_create, gh_pr_list, gh_pr_close, gh_auth_status */
export const gh: RequestTool = {
  binary: 'gh',
  hostHint: /github/,
  signedIn: (host) => ['auth', 'status', '--hostname', host],
  list: ({ host, path, head }) => [
    'pr',
    'list',
    '--repo',
    `${host}/${path}`,
    '--head',
    head,
    '--state',
    'all',
    '--limit',
    '20',
    '--json',
    'url,state,baseRefName,isCrossRepository',
  ],
  // A fork may have a branch of the same name.
  readList: (stdout) =>
    listed
      .parse(JSON.parse(stdout))
      .filter(({ isCrossRepository }) => !isCrossRepository)
      .map(({ url, state, baseRefName }) => ({
        id: url,
        url,
        state: states[state],
        base: baseRefName,
      })),
  create: createArgs,
  readCreated: (stdout) => /^https?:\/\/\S+$/m.exec(stdout)?.[0] ?? null,
  close: (_place, { id }) => ['pr', 'close', id],
  byHand: (place, text) => ({
    command: ['gh', ...createArgs(place, text)].map(shellWord).join(' '),
    page: `https://${place.host}/${place.path}/compare/${encodeURI(place.base)}...${encodeURI(place.head)}?expand=1`,
  }),
};

function createArgs({ host, path, head, base }: RequestPlace, text: RequestText): string[] {
  return [
    'pr',
    'create',
    '--repo',
    `${host}/${path}`,
    '--base',
    base,
    '--head',
    head,
    '--title',
    text.title,
    '--body-file',
    text.bodyFile,
  ];
}
