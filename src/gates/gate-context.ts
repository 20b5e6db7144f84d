import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Finding, Verdict } from '../core/gate.ts';
import { isBlocking } from '../core/gate.ts';
import type { Json } from '../core/json.ts';
import { hiderOf } from '../core/redact.ts';
import type { NodeSpec } from '../core/node.ts';
import type { Change } from '../core/scope.ts';
import type { Git } from '../git/git.ts';
import type { Clock } from '../platform/clock.ts';
import type { Environment } from '../platform/environment.ts';
import { writeWhole } from '../platform/files.ts';

/** What an attempt left, as the gates see it: facts from trees and files, nothing the worker says but its handoff. */
export type GateContext = {
  scope: NodeSpec['scope'];
  /** Where commands run: a checkout of `tree`. */
  folder: string;
  /** null outside git: then there is nothing to compare, and only output, handoff and commands are judged. */
  work: {
    git: Git;
    base: string;
    /** `base` or a descendant of it; its tree is `tree`. */
    commit: string;
    tree: string;
    changes: readonly Change[];
    /** Ignored paths that were made or changed; folders end with `/`. */
    ignoredChanges: readonly string[];
    /** Whether tracked files are still as they are in `tree`. */
    isUnchanged: () => Promise<boolean>;
  } | null;
  /** The raw output of the worker, before redaction; null where there was no worker. */
  rawFile: string | null;
  /**
   * The handoff and what its contract finds wrong with it. `claims`: what it says of files and commands is checked; `events`: the event
   * files that show the worker's commands, or null where its stream does not show them.
   */
  handoff: {
    value: Json | null;
    findings: readonly Finding[];
    claims?: { events: readonly string[] | null };
  };
  /** The run's folder; evidence is named relative to it. */
  runFolder: string;
  /** Below the run's folder; made when it is missing. */
  evidenceFolder: string;
  /** Values of the profiles that workers of the run got: looked for and taken out, never written down. */
  secrets: readonly string[];
  /** The environment of the caller; commands see an allow-list of it. */
  env: Environment;
  clock: Clock;
  /** Carried by every process the gates of this attempt start, and by nothing else that runs; no blanks in it. */
  marker: string;
  /** The same for all gates of a run, and for nothing else: what is left of one whose owner died is known by it. */
  runMarker: string;
  /** Aborted: commands are killed and the gate rejects with the signal's reason. */
  signal: AbortSignal;
};

type Judgement = { findings: readonly Finding[]; evidence: Json };

/** Runs a check, keeps its evidence as JSON and makes the verdict of it. */
export async function judge(
  gate: 'handoff' | 'scope' | 'secrets' | 'syntax',
  context: GateContext,
  check: () => Promise<Judgement> | Judgement,
): Promise<Verdict> {
  const startedAt = context.clock.monotonic();
  const { findings: found, evidence } = await check();
  const hide = hiderOf(context.secrets);
  const findings = found.map((one) => ({
    ...one,
    title: hide(one.title),
    file: one.file === null ? null : hide(one.file),
    evidence: hide(one.evidence),
  }));
  const text = `${hide(JSON.stringify({ gate, findings, ...asObject(evidence) }, null, 2))}\n`;
  const file = join(context.evidenceFolder, `gate-${gate}.json`);
  await writeWhole(file, text, 0o600);
  return {
    gate,
    name: gate,
    pass: !findings.some(isBlocking),
    findings,
    evidence: evidenceName(context, file),
    durationMs: Math.max(0, Math.round(context.clock.monotonic() - startedAt)),
  };
}

export function evidenceName(context: GateContext, file: string): string {
  return relative(context.runFolder, file).replaceAll('\\', '/');
}

export async function makeEvidenceFolder(context: GateContext): Promise<void> {
  await mkdir(context.evidenceFolder, { recursive: true });
}

function asObject(evidence: Json): { [key: string]: Json } {
  return typeof evidence === 'object' && evidence !== null && !Array.isArray(evidence)
    ? evidence
    : { evidence };
}
