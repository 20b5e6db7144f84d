import type { RunEvent } from '../core/event.ts';
import { MoError } from '../core/problem.ts';
import { pullRequestText } from '../core/pull-request-text.ts';
import { noBranch } from '../git/land.ts';
import { planMerge } from '../git/merge.ts';
import {
  byHand,
  chooseTool,
  closeRequest,
  listRequests,
  openRequest,
  ToolRefusal,
  type ToolCall,
} from '../git/pull-request.ts';
import { pushCommit } from '../git/push.ts';
import { branchRef, readRef, runBranch } from '../git/refs.ts';
import { remoteOf, type Remote } from '../git/remote.ts';
import { writeWhole } from '../platform/files.ts';
import type { Delivery } from './delivery.ts';
import { eventsOf } from './read-run.ts';

const pushMs = 300_000;
const askMs = 60_000;

/**
 * Pushes the gated commit and opens a pull request, or finds the one that is open. Where that is not possible the push stands, and the
 * refusal names what is left to do. Moves no branch here.
 */
export async function deliverPullRequest(
  delivery: Delivery,
  target: string,
  commit: string,
): Promise<RunEvent> {
  const { engine, recorder, repository, run } = delivery;
  const { env } = engine;
  const remote = await remoteOf(repository.git, target, env);
  await needMergeable(delivery, { target, remote, commit });
  const branch = runBranch(run.spec.runId);
  recorder.fence();
  await pushCommit(repository.git, { remote: remote.name, commit, branch, env, timeoutMs: pushMs });
  engine.log(`${branch} was pushed to ${remote.name}`);
  const place = { host: remote.host, path: remote.path, head: branch, base: remote.base };
  const text = await writeText(delivery);
  try {
    const call = callOf(delivery);
    const tool = await chooseTool(call, place.host);
    const url = await openRequest(call, tool, { place, text, fence: recorder.fence });
    return { type: 'run.landed', how: 'pr', target: remote.base, commit, url };
  } catch (cause) {
    if (!(cause instanceof ToolRefusal)) throw cause;
    const ways = byHand(place, text);
    const fix = `Open it with: ${ways.map(({ command }) => command).join(' or: ')} · or in a browser: ${ways.map(({ page }) => page).join(' or ')}`;
    const reason = `no pull request was opened: ${cause.message}`;
    throw new MoError(
      { code: 'request-failed', branch, remote: remote.name, reason, fix },
      { cause },
    );
  }
}

/** Closes it where it is still open; the branch stays where it was pushed to. */
export async function withdrawPullRequest(
  delivery: Delivery,
  { url, target }: { url: string; target: string },
): Promise<RunEvent> {
  const { recorder, run } = delivery;
  const { runId } = run.spec;
  const branch = runBranch(runId);
  const { host, pathname } = new URL(url);
  const path = pathname.slice(1).replace(/\/(?:-\/merge_requests|pull)\/.*$/, '');
  const place = { host, path, head: branch, base: target };
  const call = callOf(delivery);
  try {
    const tool = await chooseTool(call, place.host);
    const request = (await listRequests(call, tool, place)).find((one) => one.url === url);
    if (request === undefined) throw new ToolRefusal(`${tool.binary} does not list ${url}`);
    if (request.state === 'merged') {
      const fix = `Revert it there: ${url}`;
      const reason = `its pull request was merged into ${target}`;
      throw new MoError({ code: 'nothing-to-take-back', runId, reason, fix });
    }
    recorder.fence();
    if (request.state === 'open') await closeRequest(call, tool, { place, request });
  } catch (cause) {
    if (!(cause instanceof ToolRefusal)) throw cause;
    const reason = `its pull request was not closed: ${cause.message}`;
    const fix = `Close it by hand: ${url}`;
    throw new MoError({ code: 'request-failed', branch, remote: host, reason, fix }, { cause });
  }
  return { type: 'run.landed', how: 'rollback', target, commit: null, url };
}

/** What is known here of the target as it is there; where nothing is, the branch of that name here. */
async function needMergeable(
  { repository, run }: Delivery,
  { target, remote, commit }: { target: string; remote: Remote; commit: string },
): Promise<void> {
  const { git } = repository;
  const there = `${remote.name}/${remote.base}`;
  const known = await readRef(git, `refs/remotes/${there}`);
  const tip = known ?? (await readRef(git, branchRef(target)));
  if (tip === null) throw noBranch(target);
  const plan = await planMerge(git, tip, { commit, message: 'stand-in', trailers: {} });
  if (plan.kind === 'conflict')
    throw new MoError({
      code: 'merge-conflict',
      target: known === null ? target : there,
      files: plan.files,
    });
  if (plan.kind !== 'nothing' || known === null) return;
  throw new MoError({
    code: 'nothing-to-show',
    what: `${there} holds all of ${runBranch(run.spec.runId)} already, so a pull request would be empty.`,
    fix: `What was taken back lands again with: land {run_id: "${run.spec.runId}", how: "merge", confirm: true}`,
  });
}

/** Kept beside the report, for whoever opens it by hand. */
async function writeText({ engine, run }: Delivery): Promise<{ title: string; bodyFile: string }> {
  const { runId } = run.spec;
  const verified = [...eventsOf(engine.store, runId)]
    .map(({ event }) => event)
    .findLast((event) => event.type === 'run.verified');
  const { title, body } = pullRequestText(run, verified?.verdicts ?? []);
  const bodyFile = engine.paths.pullRequest(runId);
  await writeWhole(bodyFile, body);
  return { title, bodyFile };
}

function callOf({ engine, repository, signal }: Delivery): ToolCall {
  const { env, findBinary } = engine;
  return { folder: repository.root, env, findBinary, timeoutMs: askMs, signal };
}
