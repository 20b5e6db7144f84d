import { gatesOf } from './gates.ts';
import type { Json } from './json.ts';
import { handedOver } from './map-progress.ts';
import { isReadByGate } from './needs.ts';
import { canonicalJson, type Hash } from './receipt.ts';
import { isReusable } from './reuse.ts';
import type { Run, RunNode } from './run.ts';
import type { Settings } from './settings.ts';
import type { Route } from './worker.ts';

/** Raised when a gate, or a part of the key, comes to mean something else. */
const version = 1;

/** What the answer of a node depends on beside its run. */
export type Circumstances = {
  route: Route;
  /** The tree it starts on. */
  tree: string;
  /** Where the change begins that it is shown; null where it is shown none. */
  shownFrom: string | null;
  /** Of the texts its prompt is made from. */
  prompts: string;
  /** JSON Schema its handoff must fit. */
  contract: Json;
};

/**
 * Digest of all that a node is asked: two nodes with one key have been asked the same. Its own name, its retries, budget and time limits
 * are not in it, nor is the order in which its needs were done. null: its answer can stand for no other.
 */
export function nodeKey(
  run: Run,
  { spec, told }: RunNode,
  asked: Circumstances,
  hash: Hash,
): string | null {
  if (!isReusable(spec)) return null;
  const { settings, goal } = run.spec;
  const needs = needsOf(run, spec.needs, hash);
  if (needs === null) return null;
  const { route, tree, shownFrom, prompts, contract } = asked;
  return hash(
    canonicalJson({
      version,
      goal,
      kind: spec.kind,
      role: spec.role,
      task: spec.task,
      write: spec.write,
      scope: spec.scope,
      gates: gatesOf(spec, settings).map(untimed),
      contract,
      // Its no is an answer then; see `engine/read-handoff.ts`.
      mayRefuse: !spec.write && spec.itemOf === null && isReadByGate(run, spec.name),
      needs,
      said: saidTo(run, spec.name),
      told: [...told],
      tree,
      shownFrom,
      route,
      environment: environmentOf(settings, route),
      worktrees: worktreesOf(settings),
      prompts,
    }),
  );
}

type Answer = { key: string; handoff: string };

/** By name: whoever is needed, and what those have added; null when one of them cannot be known again. */
function needsOf(run: Run, needs: readonly string[], hash: Hash): Record<string, Answer> | null {
  const names = needs.flatMap((need) => [need, ...addedBy(run, need)]);
  const answers = answersOf(run, names, hash);
  const told: Record<string, Answer> = {};
  for (const name of names) {
    const answer = answers.get(name);
    if (answer === undefined) return null;
    told[name] = answer;
  }
  return told;
}

function addedBy(run: Run, name: string): readonly string[] {
  const node = run.nodes.get(name);
  return node === undefined || node.spec.kind === 'map' ? [] : (node.emitted ?? []);
}

/**
 * What is needed is verified or skipped, and so is all that it rests on: only an invalidation changes that. So an answer is found out
 * once for each state between two invalidations, be it that of a map with 10,000 items which 10,000 others need.
 */
const known = new WeakMap<Run['invalidations'], Answers>();

type Answers = Map<string, Answer | null>;

/** Without recursion: what a gate rests on may be a chain of thousands. */
function answersOf(run: Run, names: readonly string[], hash: Hash): ReadonlyMap<string, Answer> {
  const answers: Answers = known.get(run.invalidations) ?? new Map();
  known.set(run.invalidations, answers);
  const entered = new Set<string>();
  const stack = [...names];
  for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
    const open = entered.has(name) ? [] : restsOn(run, name).filter((one) => !answers.has(one));
    entered.add(name);
    if (!answers.has(name) && open.length > 0) {
      stack.push(...open);
      continue;
    }
    stack.pop();
    if (!answers.has(name)) answers.set(name, answerOf(run, name, answers, hash));
  }
  return withoutUnknown(answers, entered);
}

/** What is not known may come to be. */
function withoutUnknown(answers: Answers, names: Iterable<string>): Map<string, Answer> {
  const all = new Map<string, Answer>();
  for (const name of names) {
    const answer = answers.get(name) ?? null;
    if (answer === null) answers.delete(name);
    else all.set(name, answer);
  }
  return all;
}

/** A worker's answer is known by its own key, which holds what it rests on. */
function restsOn(run: Run, name: string): readonly string[] {
  const node = run.nodes.get(name);
  if (node?.state.status !== 'verified' || isReusable(node.spec)) return [];
  return [...node.spec.needs, ...(node.emitted ?? [])];
}

function answerOf(run: Run, name: string, answers: Answers, hash: Hash): Answer | null {
  const node = run.nodes.get(name);
  if (node === undefined) return null;
  const handoff = hash(canonicalJson(handedOver(run, name)));
  const { state, spec, attempts } = node;
  if (state.status === 'skipped') return { key: 'skipped', handoff };
  if (state.status !== 'verified') return null;
  if (isReusable(spec)) {
    const key = attempts.findLast(({ attempt }) => attempt === state.attempt)?.key ?? null;
    return key === null ? null : { key, handoff };
  }
  const { kind, role, task, passWhen } = spec;
  const rests: string[] = [];
  for (const one of restsOn(run, name)) {
    const answer = answers.get(one);
    if (answer === null) return null;
    // Two that rest on each other: nodes a review has added, and the review after them.
    rests.push(answer?.key ?? 'each other');
  }
  const key = hash(canonicalJson({ kind, role, task, passWhen, handoff, rests: rests.toSorted() }));
  return { key, handoff };
}

/** What people and gates have added to the task when they asked for it again. */
function saidTo({ invalidations }: Run, name: string): Json[] {
  return invalidations
    .filter(({ target, findings }) => target === name && findings.length > 0)
    .map(({ findings }) => findings);
}

function untimed(gate: ReturnType<typeof gatesOf>[number]): Json {
  if (gate.gate !== 'command') return gate;
  return { gate: gate.gate, command: gate.command };
}

/** As the settings have it: secrets are filled in later, and only for the worker. */
function environmentOf({ providers }: Settings, { provider, profile }: Route): Json {
  const own = providers?.[provider];
  return { ...own?.env, ...(profile === null ? {} : own?.profiles?.[profile]?.env) };
}

function worktreesOf({ worktrees }: Settings): Json {
  const { setup = null, link = null, copy = null } = worktrees ?? {};
  return { setup, link, copy };
}
