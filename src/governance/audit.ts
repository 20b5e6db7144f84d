import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { apply } from '../core/apply.ts';
import { receipt, receiptProblems } from '../core/receipt.ts';
import { parseJson } from '../core/json.ts';
import { viewOf } from '../core/view.ts';
import type { Run } from '../core/run.ts';
import { readKept } from '../store/kept-file.ts';
import type { Store } from '../store/store.ts';
import { auditArchives } from './audit-archives.ts';
import { runsOf, type Place } from './place.ts';

export type Audit = {
  runs: number;
  events: number;
  receipts: number;
  /** Folders of earlier orchestrators in the archives. */
  migrated: number;
  /** `of`: a run, or a folder of the archives. */
  problems: { of: string; what: string; fix: string }[];
};

const pageSize = 2_000;

/**
 * Whether what is on record still hangs together: events without gaps that fold to what is shown, receipts whose files are whole, unchanged
 * and speak of commits that exist, and folders that were brought in and are still what they were.
 */
export async function audit(place: Place): Promise<Audit> {
  const archives = await auditArchives(place);
  const sum: Audit = {
    runs: 0,
    events: 0,
    receipts: 0,
    migrated: archives.folders,
    problems: archives.problems.map(({ name, what, fix }) => ({ of: name, what, fix })),
  };
  const { store } = place;
  if (store === null) return sum;
  for (const { runId } of runsOf(place)) {
    const add = (what: string, fix: string): void =>
      void sum.problems.push({ of: runId, what, fix });
    sum.runs += 1;
    sum.events += auditEvents(store, runId, add);
    sum.receipts += await auditReceipts(place, store, runId, add);
  }
  return sum;
}

type Add = (what: string, fix: string) => void;

function auditEvents(store: Store, runId: string, add: Add): number {
  let run: Run | null = null;
  let seq = 0;
  let at = 0;
  for (;;) {
    const page = store.readEvents(runId, seq, pageSize);
    for (const one of page) {
      if (one.seq !== seq + 1) {
        add(`events ${seq + 1} to ${one.seq - 1} are missing.`, restore);
        return seq;
      }
      run = apply(run, one);
      seq = one.seq;
      at = one.at;
    }
    if (page.length < pageSize) break;
  }
  if (run === null) {
    add('it has no events.', restore);
    return seq;
  }
  const shown = store.view(runId);
  const told = viewOf(run, at);
  // It goes on while it is looked at.
  if (store.lastSeq(runId) !== seq) return seq;
  if (told.state !== shown.state || told.head !== shown.head)
    add(
      `its events say ${told.state}, what is shown says ${shown.state}.`,
      'Report it: the two are written in one transaction.',
    );
  return seq;
}

const restore =
  'The database was changed from outside; restore .agent-workspace/mo.db from a backup.';

async function auditReceipts(
  { root, repository, paths }: Place,
  store: Store,
  runId: string,
  add: Add,
): Promise<number> {
  const known = store.receipts(runId);
  for (const { node, attempt, path, digest, commit, stale } of known) {
    const name = `the receipt of ${node} attempt ${attempt}${stale ? ' (stale)' : ''}`;
    const text = await readKept(paths, resolve(root, path));
    const again = `Have it proved again: workflow_control {run_id: "${runId}", action: "retry", node: "${node}"}`;
    if (text === null) {
      add(`${name} is gone (${path}).`, again);
      continue;
    }
    const parsed = receipt.safeParse(parseJson(text)?.value);
    if (!parsed.success) add(`${name} cannot be read (${path}).`, again);
    else if (parsed.data.digest !== digest || receiptProblems(parsed.data, sha256).length > 0)
      add(`${name} was changed after it was issued (${path}).`, again);
    if (commit === null || repository === null) continue;
    const answer = await repository.git.run(['cat-file', '-e', `${commit}^{commit}`], {
      accept: [0, 1, 128],
    });
    if (answer.exitCode !== 0)
      add(
        `${name} speaks of commit ${commit.slice(0, 10)}, which is not in the repository.`,
        again,
      );
  }
  return known.length;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
