import { join } from 'node:path';
import { cleanHandoff, extractHandoff } from '../core/extract-handoff.ts';
import { leftFor } from '../core/apply-node.ts';
import { afterEnding, type Next } from '../core/retry.ts';
import { isInterrupted } from '../core/told.ts';
import { tokensOf } from '../core/spend.ts';
import type { RunEvent } from '../core/event.ts';
import type { Json } from '../core/json.ts';
import type { Limit, NodeSpec } from '../core/node.ts';
import type { Run, RunNode } from '../core/run.ts';
import type { Checkpoint, Conclusion, Ending, Route } from '../core/worker.ts';
import { readText, writeWhole } from '../platform/files.ts';
import { dropRaw } from './raw.ts';
import type { RunningAttempt, Settled } from '../supervisor/attempt.ts';
import type { Engine } from './engine.ts';
import type { Recorder } from './recorder.ts';

/** One attempt of one node, as everything in this room that works on it sees it. */
export type AttemptContext = {
  engine: Engine;
  recorder: Recorder;
  epoch: number;
  node: NodeSpec;
  attempt: number;
  route: Route | null;
  reserved: Limit;
  /** For every text of the worker that is kept or shown. */
  redact: (text: string) => string;
};

/** Sees a worker to its end and records what became of it, in one transaction with what follows from it. */
export async function settleAttempt(
  context: AttemptContext,
  running: Pick<RunningAttempt, 'settled'>,
): Promise<void> {
  const { engine, recorder, node, attempt } = context;
  const settled = await running.settled;
  // This owner was replaced: the next one settles it.
  if (settled === 'released') return;
  const ending = endingOf(context, settled);
  const handoff = await keepAnswer(context, settled.conclusion, ending);
  await cleanStderr(context);
  recorder.record(endEvents(context, recorder.run(), ending, handoff));
  engine.log(`${node.name} attempt ${attempt}: ${ending.class}. ${ending.message}`);
  // The gates read the raw output of an answer; nobody reads that of a failure.
  if (ending.class !== 'done') await dropRaw(engine, recorder.run(), node.name, attempt);
  if (settled.survivors.length > 0) {
    engine.log(
      `${node.name} attempt ${attempt}: still alive: ${settled.survivors.map((one) => one.pid).join(', ')}`,
    );
  }
}

/** Ends an attempt that never became a process. */
export function failAttempt(
  context: AttemptContext,
  ending: Pick<Ending, 'class' | 'message'>,
): void {
  const whole: Ending = {
    ...ending,
    exitCode: null,
    signal: null,
    session: null,
    model: null,
    spend: { usd: 0, input: 0, cached: 0, output: 0 },
    resetsAt: null,
  };
  context.recorder.record(endEvents(context, context.recorder.run(), whole, null));
}

/** A worker that costs more than was set aside for it is stopped: the ceiling is a promise. */
export function isOverReservation(checkpoint: Checkpoint, reserved: Limit): boolean {
  const { spend } = checkpoint.summary;
  return (
    (reserved.usd !== null && (spend.usd ?? 0) > reserved.usd) ||
    (reserved.tokens !== null && tokensOf(spend) > reserved.tokens)
  );
}

function endingOf({ reserved, route, recorder }: AttemptContext, settled: Settled): Ending {
  const {
    class: endClass,
    message,
    exitCode,
    signal,
    session,
    model,
    spend,
    resetsAt,
  } = settled.conclusion;
  const priced = priceSpend(spend, route, recorder.run());
  const ending: Ending = {
    class: endClass,
    message,
    exitCode,
    signal,
    session,
    model,
    spend: priced,
    resetsAt,
  };
  if (settled.endedBy !== 'stop' || !isOverReservation(settled.checkpoint, reserved)) return ending;
  return {
    ...ending,
    class: 'budget',
    message: 'stopped because it had spent what was set aside for it',
  };
}

/** Money by the price in mo.yaml where the CLI reports none. */
function priceSpend(spend: Ending['spend'], route: Route | null, run: Run): Ending['spend'] {
  if (route === null) return { ...spend, usd: spend.usd ?? 0 };
  if (spend.usd !== null) return spend;
  const own = run.spec.settings.providers?.[route.provider];
  const price =
    (route.profile === null ? undefined : own?.profiles?.[route.profile]?.price) ?? own?.price;
  if (price === undefined) return spend;
  const fresh = Math.max(0, spend.input - spend.cached);
  const usd =
    (fresh * price.input +
      spend.cached * (price.cached ?? price.input) +
      spend.output * price.output) /
    1e6;
  return { ...spend, usd };
}

/** The answer as a file for people, the handoff as one for machines; null where there is none to be found. */
async function keepAnswer(
  context: AttemptContext,
  conclusion: Conclusion,
  ending: Ending,
): Promise<Json | null> {
  const { engine, recorder, node, attempt, redact } = context;
  const folder = engine.paths.attemptFolder(recorder.run().spec.runId, node.name, attempt);
  await writeWhole(join(folder, 'answer.md'), redact(conclusion.answer), 0o600);
  if (ending.class !== 'done') return null;
  if (node.kind === 'command')
    return { status: 'pass', summary: `\`${node.task}\` passed`, exit_code: ending.exitCode };
  const { structured, answer } = conclusion;
  const found = (structured === null ? null : cleanHandoff(structured)) ?? extractHandoff(answer);
  if (found === null) return null;
  const handoff = redactJson(found, redact);
  await writeWhole(join(folder, 'handoff.json'), `${JSON.stringify(handoff, null, 2)}\n`, 0o600);
  return handoff;
}

/** It stays, unlike the raw output. */
async function cleanStderr({
  engine,
  recorder,
  node,
  attempt,
  redact,
}: AttemptContext): Promise<void> {
  const folder = engine.paths.attemptFolder(recorder.run().spec.runId, node.name, attempt);
  const file = join(folder, 'stderr.txt');
  const said = await readText(file);
  const clean = said === null ? null : redact(said);
  if (clean !== null && clean !== said) await writeWhole(file, clean, 0o600);
}

/** The handoff goes into events, prompts and files: what looks like a secret in it goes into none of them. */
export function redactJson(value: Json, redact: (text: string) => string): Json {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((one) => redactJson(one, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [redact(key), redactJson(one, redact)]),
  );
}

function endEvents(
  context: AttemptContext,
  run: Run,
  ending: Ending,
  handoff: Json | null,
): RunEvent[] {
  const { engine, node, attempt, route } = context;
  const ended: RunEvent = { type: 'attempt.ended', node: node.name, attempt, ending, handoff };
  const state = run.nodes.get(node.name);
  if (ending.class === 'done' || state === undefined) return [ended];
  if (leftFor(state, ended) !== null)
    return [ended, ...laneEvents(ending, route, unfollowed(ending), engine.clock.now())];
  // What it has done so far is kept by its gating, which it goes on from.
  if (isInterrupted(run, state))
    return [ended, ...laneEvents(ending, route, unfollowed(ending), engine.clock.now())];
  if (ending.class === 'stopped') return [ended, { type: 'node.stopped', node: node.name }];
  const now = engine.clock.now();
  const next = afterEnding(state, ending, run.spec.settings, now);
  return [
    ended,
    ...laneEvents(ending, route, next, now),
    nextEvent(state, { attempt, ending, next, route }),
  ];
}

/** Nothing follows from how it ended. */
function unfollowed({ message }: Ending): Next {
  return { again: false, message };
}

function laneEvents(ending: Ending, route: Route | null, next: Next, now: number): RunEvent[] {
  if (ending.class !== 'quota' || route === null) return [];
  const until = ending.resetsAt ?? Math.max(next.again ? next.notBefore : 0, now + 60_000);
  return [
    {
      type: 'lane.closed',
      provider: route.provider,
      profile: route.profile,
      until,
      reason: ending.message,
    },
  ];
}

function nextEvent(
  node: RunNode,
  {
    attempt,
    ending,
    next,
    route,
  }: { attempt: number; ending: Ending; next: Next; route: Route | null },
): RunEvent {
  const { name } = node.spec;
  if (!next.again) return { type: 'node.failed', node: name, message: next.message, findings: [] };
  return {
    type: 'node.returned',
    node: name,
    attempt,
    cause: ending.class === 'lost' ? 'lost' : 'ending',
    message: ending.message,
    findings: node.state.status === 'running' ? [...node.state.findings] : [],
    notBefore: next.notBefore,
    counts: next.counts,
    exclude: next.exclude ? (route?.provider ?? null) : null,
    // It gave nothing back, so the next one starts where it did.
    carry: node.carry,
  };
}
