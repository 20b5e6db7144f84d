import { z } from 'zod';
import { shellWord, type RequestPlace, type RequestTool } from './request-tool.ts';

const mergeRequest = z.object({
  iid: z.number(),
  web_url: z.string(),
  state: z.string(),
  target_branch: z.string(),
  source_project_id: z.number(),
  target_project_id: z.number(),
});

/**
 * By `glab api`, which takes the text from a file, answers with JSON in every version, and adds no remote to the repository as
 * `glab mr create` may. https://docs.gitlab.com/cli/api/, https://docs.gitlab.com/api/merge_requests/
 */
export const glab: RequestTool = {
  binary: 'glab',
  hostHint: /gitlab/,
  signedIn: (host) => ['auth', 'status', '--hostname', host],
  list: (place) => [
    'api',
    `${endpoint(place)}?state=all&order_by=created_at&per_page=20&source_branch=${encodeURIComponent(place.head)}`,
    '--hostname',
    place.host,
  ],
  // A fork may have a branch of the same name.
  readList: (stdout) =>
    z
      .array(mergeRequest)
      .parse(JSON.parse(stdout))
      .filter(({ source_project_id, target_project_id }) => source_project_id === target_project_id)
      .map(({ iid, web_url, state, target_branch }) => ({
        id: String(iid),
        url: web_url,
        state: stateOf(state),
        base: target_branch,
      })),
  create: (place, { title, bodyFile }) => [
    'api',
    endpoint(place),
    '--hostname',
    place.host,
    '--method',
    'POST',
    '--raw-field',
    `source_branch=${place.head}`,
    '--raw-field',
    `target_branch=${place.base}`,
    '--raw-field',
    `title=${title}`,
    '--field',
    `description=@${bodyFile}`,
  ],
  readCreated: (stdout) => mergeRequest.parse(JSON.parse(stdout)).web_url,
  close: (place, { id }) => [
    'api',
    `${endpoint(place)}/${id}`,
    '--hostname',
    place.host,
    '--method',
    'PUT',
    '--raw-field',
    'state_event=close',
  ],
  byHand: ({ host, path, head, base }, { title, bodyFile }) => ({
    command: `${[
      'glab',
      'mr',
      'create',
      '--repo',
      `https://${host}/${path}`,
      '--source-branch',
      head,
      '--target-branch',
      base,
      '--title',
      title,
      '--yes',
    ]
      .map(shellWord)
      .join(' ')} --description "$(cat ${shellWord(bodyFile)})"`,
    page: `https://${host}/${path}/-/merge_requests/new?merge_request%5Bsource_branch%5D=${encodeURIComponent(head)}&merge_request%5Btarget_branch%5D=${encodeURIComponent(base)}`,
  }),
};

function endpoint({ path }: RequestPlace): string {
  return `projects/${encodeURIComponent(path)}/merge_requests`;
}

/** One that is locked is being merged at this moment. */
function stateOf(state: string): 'open' | 'closed' | 'merged' {
  if (state === 'opened') return 'open';
  return state === 'closed' ? 'closed' : 'merged';
}
