import { z } from 'zod';
import { progress, progressText } from '../core/progress.ts';
import { request } from '../core/event.ts';
import { sourceChangedText } from './picture.ts';
import { defineOperation } from './operation.ts';
import { runStates } from '../core/view.ts';

export const pollNode = z.object({
  node: z.string(),
  /** Of a map: what the node was made for. */
  item: z.string().optional(),
  status: z.string(),
  attempt: z.number().optional(),
  route: z.string().optional(),
  action: z.string().optional(),
  message: z.string().optional(),
  flags: z.array(z.string()).optional(),
});

/** A question and its choices. `budget`: no question; these nodes start when the budget is raised. */
const need = request
  .omit({ node: true })
  .extend({ kind: z.enum([...request.shape.kind.options, 'budget']) });

export const pollOutput = z.object({
  run_id: z.string().optional(),
  state: z.enum([...runStates, 'idle']),
  changed: z.boolean(),
  cursor: z.string(),
  counts: z.record(z.string(), z.number()).optional(),
  /** How many entries of the lists that nodes belong to are done. */
  progress: z.array(progress).optional(),
  /** `api-routes running 45s: npm test`, the most important first. */
  lines: z.array(z.string()).optional(),
  /** `docs 812/10000 done, 16 at work, 3 failed (docs-4 src/a.ts, …)`: maps tell how many of their items are done. */
  maps: z.array(z.string()).optional(),
  nodes: z.array(pollNode).optional(),
  events: z.array(z.string()).optional(),
  runs: z.array(z.string()).optional(),
  more: z.number().optional(),
  needs: z.array(need).optional(),
  spend: z.string().optional(),
  /** `codex closed until 2026-01-31T14:05:00.000Z: …`: those that take no attempt now. */
  lanes: z.array(z.string()).optional(),
  reason: z.string().optional(),
  landed: z.string().optional(),
  /** The workflow file, where it was changed since the run began: the run goes on with what it began with. */
  source_changed: z.string().optional(),
  warning: z.string().optional(),
  next: z.string().optional(),
});
export type PollOutput = z.infer<typeof pollOutput>;

export const poll = defineOperation({
  name: 'poll',
  title: 'Wait for news of a run',
  summary:
    'News of a run since the cursor: state, counts, what agents do, what waits for a person, spend. Blocks until something is worth saying or wait_s is over: call it again with the new cursor instead of sleeping.',
  kind: 'read',
  toolset: 'core',
  alwaysLoad: true,
  searchHint: 'status, progress, wait for agents, is it done',
  positional: 'run_id',
  input: z.strictObject({
    run_id: z.string().optional().describe('Default: the active runs'),
    since: z.string().optional().describe('cursor of the last answer'),
    wait_s: z.number().min(0).max(50).default(25),
    detail: z.enum(['summary', 'nodes', 'events']).default('summary'),
  }),
  output: pollOutput,
  run: async (input, context) => (await import('./wait-for-news.ts')).waitForNews(input, context),
  render: (news) =>
    [
      `${news.run_id ?? 'runs'}: ${news.state === 'needs' ? 'waits for you (needs)' : news.state}${news.changed ? '' : ', nothing new'}${news.spend === undefined ? '' : `, ${news.spend}`}`,
      ...(news.counts === undefined
        ? []
        : [
            Object.entries(news.counts)
              .map(([status, number]) => `${number} ${status}`)
              .join(', '),
          ]),
      ...(news.progress ?? []).map(progressText),
      ...(news.runs ?? []),
      ...(news.maps ?? []),
      ...(news.lines ?? []),
      ...(news.nodes ?? []).map(
        ({ node, status, action, message }) => `${node} ${status}: ${action ?? message ?? ''}`,
      ),
      ...(news.events ?? []),
      ...(news.more === undefined ? [] : [`… ${news.more} more`]),
      ...(news.needs ?? []).map(
        ({ id, question, choices }) => `? ${id}: ${question} (${choices.join(' | ')})`,
      ),
      ...(news.source_changed === undefined ? [] : [sourceChangedText(news.source_changed)]),
      ...(news.lanes ?? []),
      ...[news.reason, news.landed, news.warning, news.next].filter((text) => text !== undefined),
      `cursor ${news.cursor}`,
    ].join('\n'),
});
