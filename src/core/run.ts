import type { Finding, Verdict } from './gate.ts';
import type { Json } from './json.ts';
import type { LandHow, Merge, Move } from './landing.ts';
import type { NodeMap } from './node-map.ts';
import type { Limit, NodeSpec } from './node.ts';
import type { Spend } from './spend.ts';
import type { Ending, ProcessId, Route } from './worker.ts';
import type { Judgement, Origin, Outcome, Request, RunEvent, RunSpec, Work } from './event.ts';

/**
 * waiting ─► running ─► gating ─► verified (─► landed, for writers)
 *    ▲          │          │
 *    └──────────┴──────────┘  returned, while retries are left
 * waiting ─► verified, when it is reused
 * anything ─► waiting, when it is invalidated
 * waiting ─► blocked | skipped | stopped      running, gating ─► failed | stopped
 */
export type NodeState =
  | {
      status: 'waiting';
      notBefore: number;
      findings: readonly Finding[];
      message: string | null;
      /** The next attempt goes on in the session of the last one; see `going-on.ts`. */
      goesOn?: 'repair' | 'told';
    }
  | {
      status: 'running';
      attempt: number;
      /** null until the process is known to run. */
      process: ProcessId | null;
      reserved: Limit;
      /** The commit the gates compare with; null where nothing may change. */
      base: string | null;
      /** What it was asked to mend; the attempt after it is asked the same when this one gives no answer. */
      findings: readonly Finding[];
      /** What the node is as soon as its worker has gone; null: its work is gated. */
      becomes: NodeState | null;
    }
  | {
      status: 'gating';
      attempt: number;
      base: string | null;
      ending: Ending;
      handoff: Json | null;
      work: Work | null;
      verdicts: readonly Verdict[];
    }
  | {
      status: 'verified';
      attempt: number;
      receipt: string;
      work: Work | null;
      /** True as well when there is nothing to land. */
      landed: boolean;
      handoff: Json | null;
    }
  | { status: 'failed'; message: string; findings: readonly Finding[] }
  | { status: 'blocked'; by: string }
  | { status: 'skipped'; by: string }
  | { status: 'stopped' };

export type NodeStatus = NodeState['status'];

export type AttemptRecord = {
  attempt: number;
  route: Route | null;
  reasons: readonly string[];
  /** Which of the worktrees of its map it worked in; null on nodes that are no items. */
  slot: number | null;
  startedAt: number;
  endedAt: number | null;
  ending: Ending | null;
  verdicts: readonly Verdict[];
  /** It goes on in the session of the attempt before it: only for its handoff, or because it was told something. */
  goesOn?: 'repair' | 'told';
  /** What it was asked; null where that is not to be found again. */
  key: string | null;
  /** No worker took part: what another run has proved was taken over. */
  reused?: Origin;
};

export type RunNode = {
  spec: NodeSpec;
  state: NodeState;
  attempts: readonly AttemptRecord[];
  /** Attempts that count against `spec.retries`. */
  counted: number;
  /** Providers not to be used again here. */
  excluded: readonly string[];
  /** Attempts that did not count: the death of an owner, a closed lane. */
  uncounted: number;
  /** The node that emitted this one, or null. */
  emittedBy: string | null;
  /** Names of the nodes this one emitted; null until it has. */
  emitted: readonly string[] | null;
  /** What the next attempt goes on from. */
  carry: Work | null;
  /** Attempts up to this one are history: what they left is no evidence any more. */
  stale: number;
  /** What a controller told its workers, and how many of that the newest one knows. */
  told: readonly string[];
  heard: number;
  /** Its `when` was found true since it was last invalidated. */
  admitted: boolean;
  /** Somebody asked to stop this node; true: at once. */
  stop: { force: boolean } | null;
};

export type RunStatus =
  | { status: 'running' }
  | { status: 'stopping'; force: boolean }
  /** `rerun`: something was invalidated since, so the outcome is not true any more. */
  | { status: 'finished'; outcome: Outcome; reason: string; at: number; rerun: boolean };

/** One round of review: what was found and what the rules made of it. `node` is `verify` for the run's own gates. */
export type Cycle = {
  node: string;
  findings: readonly Finding[];
  judgement: Judgement;
  /** What was judged there has been invalidated. */
  stale: boolean;
};

export type Invalidation = Extract<RunEvent, { type: 'nodes.invalidated' }> & {
  /** ms since 1970. */
  at: number;
};

/** The folded state of one run. */
export type Run = {
  spec: RunSpec;
  createdAt: number;
  status: RunStatus;
  epoch: number;
  seq: number;
  /** In the order they were declared or added. */
  nodes: NodeMap<RunNode>;
  /** Head of `mo/<run>`; the base until something has landed; null outside git. */
  head: { commit: string; tree: string | null } | null;
  settled: Spend;
  /** What counts against the ceilings: actual spend, or the reservation where a CLI reports no money. */
  charged: { usd: number; tokens: number };
  requests: readonly Request[];
  answers: ReadonlyMap<string, { choice: string; text: string }>;
  cycles: readonly Cycle[];
  /** Oldest first. */
  invalidations: readonly Invalidation[];
  /** Nothing new is begun; see `run.paused`. */
  paused: { workers: 'finish' | 'stop' } | null;
  /** The last tree that failed the run's gates, and the names of those. */
  refused: { tree: string; gates: readonly string[]; findings: readonly Finding[] } | null;
  verified: { commit: string; tree: string; receipt: string } | null;
  landing: { how: LandHow; target: string | null } | null;
  landed: {
    how: LandHow;
    target: string | null;
    commit: string | null;
    url: string | null;
  } | null;
  /** What the landing under way may have moved already. */
  move: Move | null;
  /** All it brought into branches of the user, oldest first. */
  merges: readonly Merge[];
  /** The pull request it opened last and did not close. */
  pullRequest: { url: string; target: string } | null;
  /** Why the last landing did not happen. */
  landRefused: { code: string; message: string } | null;
};
