import type { Recorded } from './event.ts';
import { reportGraph } from './report-graph.ts';
import { cutLine, findingText } from './report-line.ts';
import { nodeReports, workedIn, type NodeReport } from './report-node.ts';
import { reproduceLines, type Source } from './report-reproduce.ts';
import { trailOf, type Trail } from './report-trail.ts';
import { progressOf, type MapProgress } from './map-progress.ts';
import { progressOfRun, type Progress } from './progress.ts';
import { originOf } from './reuse.ts';
import type { Run, RunNode } from './run.ts';
import { writtenSpend, type Spend } from './spend.ts';
import { shownCounts } from './shown-map.ts';
import { countsOf, mapsOf, reasonOf } from './view.ts';

/** What became of a run: `report.json`, and what `report.md` is written from. Below 1 MB however large the run is. Times: ISO 8601. */
export type Report = {
  version: 1;
  run: string;
  goal: string;
  /** `running` while it waits for a person; `needs_rerun` where a part was invalidated since it ended. */
  result: string;
  reason: string | null;
  started_at: string;
  ended_at: string | null;
  ms: number | null;
  spend: Spend;
  base: string | null;
  branch: string | null;
  head: string | null;
  landed: Run['landed'];
  not_landed: string | null;
  /** The integrated tree passed `gates`. */
  verified: Run['verified'];
  gates: string[];
  total: number;
  /** Nodes by state. */
  counts: Record<string, number>;
  /** How many entries of each list that nodes belong to are done. */
  progress: Progress[];
  attempts: number;
  stale_attempts: number;
  /** Nodes that rest on receipts of other runs. */
  reused: number;
  graph: { mermaid: string; list: string[] };
  /** In a large run those with something to say; `rest` counts the others by state. */
  nodes: NodeReport[];
  rest: Record<string, number>;
  /** How the items of each map ended, and the first that failed. */
  maps: ({ map: string; failed_items: string[] } & MapProgress)[];
  review: { node: string; judgement: string; findings: string[]; more_findings: number }[];
  trail: Trail;
  /** Shell commands. */
  reproduce: string[];
  /** The workflow file, where it was changed since the run began; the commands start what the run began with. */
  source_changed: string | null;
};

export type ReportQuestion = {
  run: Run;
  events: Iterable<Recorded>;
  branch: string | null;
  /** null where the run did not come from a workflow text. */
  source: Source | null;
};

export function makeReport({ run, events, branch, source }: ReportQuestion): Report {
  const { spec, status } = run;
  const nodes = [...run.nodes.values()];
  const finished = status.status === 'finished' ? status : null;
  const reason = reasonOf(run);
  const hasBranch = branch !== null && run.head !== null;
  return {
    version: 1,
    run: spec.runId,
    goal: spec.goal.slice(0, 10_000),
    result: resultOf(run),
    reason: reason === null ? null : cutLine(reason, 1_000),
    started_at: isoOf(run.createdAt),
    ended_at: finished === null ? null : isoOf(finished.at),
    ms: finished === null ? null : finished.at - run.createdAt,
    spend: writtenSpend(run.settled),
    base: spec.base,
    branch: hasBranch ? branch : null,
    head: hasBranch ? (run.head?.commit ?? null) : null,
    landed: run.landed,
    not_landed: run.landRefused === null ? null : cutLine(run.landRefused.message, 1_000),
    verified: run.verified,
    gates: spec.gates.slice(0, 50).map((gate) => gate.slice(0, 500)),
    total: nodes.length,
    counts: shownCounts({ counts: countsOf(run), maps: mapsOf(run) }),
    progress: progressOfRun(run),
    attempts: nodes.reduce((sum, node) => sum + workedIn(node).length, 0),
    // The rounds of a gate are no attempts.
    stale_attempts: nodes.reduce(
      (sum, node) => sum + workedIn(node).filter(({ attempt }) => attempt <= node.stale).length,
      0,
    ),
    reused: nodes.filter((node) => originOf(node) !== null).length,
    graph: reportGraph(nodes),
    ...nodeReports(nodes, mapsOf(run)),
    maps: mapReports(run, nodes),
    review: run.cycles.slice(-20).map(({ node, judgement, findings }) => ({
      node,
      judgement,
      findings: findings.slice(0, 20).map(findingText),
      more_findings: Math.max(0, findings.length - 20),
    })),
    trail: trailOf(events),
    reproduce: reproduceLines(spec, source),
    source_changed: source?.changed ?? null,
  };
}

function mapReports(run: Run, nodes: readonly RunNode[]): Report['maps'] {
  return nodes
    .flatMap((node) => {
      const progress = progressOf(run, node);
      if (progress === null) return [];
      const failed = (node.emitted ?? []).filter(
        (name) => run.nodes.get(name)?.state.status === 'failed',
      );
      return [{ map: node.spec.name, ...progress, failed_items: failed.slice(0, 20) }];
    })
    .slice(0, 50);
}

/** In the words of `runStates`. */
function resultOf({ status, paused }: Run): string {
  if (status.status !== 'finished') return paused === null ? status.status : 'paused';
  return status.rerun ? 'needs_rerun' : status.outcome;
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}
