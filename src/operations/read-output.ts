import { join } from 'node:path';
import type { Json } from '../core/json.ts';
import { MoError } from '../core/problem.ts';
import { findKept } from '../store/kept-file.ts';
import type { Store } from '../store/store.ts';
import type { OperationContext } from './context.ts';
import { checkNode, findRun } from './find-run.ts';
import { readDiff } from './read-diff.ts';
import type { OutputPart } from './output.ts';
import { checkCursor, pageOfFile, pageOfText, type Cut, type Page } from './page.ts';
import { resultOfRun, resultText } from './run-result.ts';
import { pageOfEvents, seqOfCursor } from './run-events.ts';

type OutputInput = {
  run_id: string;
  node?: string | undefined;
  part: OutputPart;
  cursor: number;
  max_bytes: number;
};

type Place = { store: Store; runId: string; node: string | null };

export async function readOutput(
  input: OutputInput,
  context: OperationContext,
): Promise<Told & { handoffs?: Record<string, Json> }> {
  const { store, runId } = await findRun(context, input.run_id);
  if (input.node === undefined && (input.part === 'result' || input.part === 'handoff')) {
    const found = await resultOfRun(store, runId);
    if (found !== null) return pageOfResult(found, input);
  }
  const node = nodeOf(store, runId, input);
  if (node === null && input.part === 'events') {
    checkEvents(store, runId, input);
    const events = pageOfEvents(store, runId, { from: input.cursor, most: input.max_bytes });
    return {
      text: events.text,
      cursor: events.end,
      bytes: events.bytes,
      next: events.isMore ? `more events; go on with cursor ${events.end}` : null,
    };
  }
  const page = await pageOf({ store, runId, node }, input, context);
  if (page === null) throw nothingToShow({ store, runId, node }, input.part);
  return told(page, input);
}

function callOf({ run_id: run, node, part }: OutputInput): string {
  return `output {run_id: "${run}"${node === undefined ? '' : `, node: "${node}"`}, part: "${part}"}`;
}

function checkEvents(store: Store, runId: string, input: OutputInput): void {
  const last = store.lastSeq(runId);
  if (seqOfCursor(input.cursor) <= last) return;
  throw new MoError({
    code: 'nothing-to-show',
    what: `Cursor ${input.cursor} is behind the end: ${runId} has ${last} events.`,
    fix: `From the beginning: ${callOf(input)}`,
  });
}

type Told = { text: string; cursor: number; bytes: number; next: string | null };

function told({ text, end, total }: Page, input: OutputInput): Told {
  const { cursor } = input;
  checkCursor(cursor, total, callOf(input));
  const next =
    end < total ? `bytes ${cursor} to ${end} of ${total}; go on with cursor ${end}` : null;
  return { text, cursor: end, bytes: total, next };
}

/** What a run has found, for a person as `result` and letter by letter as `handoff`; as data beside either. */
function pageOfResult(
  found: ReadonlyMap<string, Json>,
  input: OutputInput,
): Told & { handoffs: Record<string, Json> } {
  const handoffs = Object.fromEntries(found);
  const [only] = found.values();
  const text =
    input.part === 'result'
      ? resultText(found)
      : `${JSON.stringify(found.size === 1 ? only : handoffs, null, 2)}\n`;
  const page = pageOfText(text, { from: input.cursor, most: input.max_bytes });
  return { ...told(page ?? { text: '', end: 0, total: 0 }, input), handoffs };
}

/** Parts that belong to a node need one named, unless the run has only one. */
function nodeOf(store: Store, runId: string, input: OutputInput): string | null {
  if (input.node !== undefined) {
    checkNode(store, runId, input.node);
    return input.node;
  }
  if (input.part === 'report' || input.part === 'events') return null;
  const names = store.nodeNames(runId);
  const [only] = names;
  if (names.length === 1 && only !== undefined) return only;
  if (['diff', 'result', 'receipt'].includes(input.part)) return null;
  throw new MoError({
    code: 'bad-input',
    what: `The ${input.part} belongs to a node and ${runId} has ${names.length}.`,
    fix: `Name one with node: ${names.slice(0, 12).join(', ')}.`,
  });
}

async function pageOf(
  place: Place,
  input: OutputInput,
  context: OperationContext,
): Promise<Page | null> {
  const { store, runId, node } = place;
  const cut = { from: input.cursor, most: input.max_bytes };
  const { paths } = store;
  if (node === null) {
    switch (input.part) {
      case 'report':
      case 'result':
        return (
          (await pageOfKept(store, paths.report(runId), cut)) ??
          pageOfText(store.view(runId).reason ?? '', cut)
        );
      case 'diff':
        return pageOfText(await readDiff(place, context), cut);
      case 'events':
      case 'handoff':
      case 'log':
      case 'prompt':
        return null;
      case 'receipt':
        return pageOfKept(store, paths.runReceipt(runId), cut);
    }
  }
  if (input.part === 'receipt') return pageOfKept(store, paths.receipt(runId, node), cut);
  const folder = folderOfWork(store, runId, node);
  if (folder === null) return null;
  switch (input.part) {
    case 'prompt':
      return pageOfKept(store, join(folder, 'prompt.md'), cut);
    case 'events':
      return pageOfKept(store, join(folder, 'events.ndjson'), cut);
    case 'handoff':
      return pageOfKept(store, join(folder, 'handoff.json'), cut);
    case 'diff':
      return pageOfText(await readDiff(place, context), cut);
    case 'log': {
      const { readLog } = await import('./read-log.ts');
      return pageOfText(await readLog(paths, folder), cut);
    }
    case 'result': {
      const { readResult } = await import('./read-log.ts');
      return pageOfText((await readResult(paths, folder)) ?? '', cut);
    }
    case 'report':
      return pageOfKept(store, paths.report(runId), cut);
  }
}

async function pageOfKept({ paths }: Store, file: string, cut: Cut): Promise<Page | null> {
  const found = await findKept(paths, file);
  return found === null ? null : pageOfFile(found, cut);
}

/** Where what its worker did is kept, be it that of another run; null before the first attempt. */
function folderOfWork(store: Store, runId: string, node: string): string | null {
  const { attempt = 0, reused = null } = store.node(runId, node) ?? {};
  if (reused !== null) return store.paths.attemptFolder(reused.run, reused.node, reused.attempt);
  return attempt === 0 ? null : store.paths.attemptFolder(runId, node, attempt);
}

function nothingToShow(place: Place, part: OutputPart): MoError {
  const { store, runId, node } = place;
  const stale = part === 'receipt' ? staleReceipt(place) : null;
  if (stale !== null) return stale;
  const what = `${node === null ? `Run ${runId}` : `Node ${node} of ${runId}`} has no ${part} yet (${node === null ? store.view(runId).state : (store.node(runId, node)?.state ?? 'unknown')}).`;
  return new MoError({
    code: 'nothing-to-show',
    what,
    fix: `Wait with poll {run_id: "${runId}"}, or read another part.`,
  });
}

/** Where there was one that counts no more. */
function staleReceipt({ store, runId, node }: Place): MoError | null {
  const last = store.receipts(runId).findLast((one) => one.node === node && one.stale);
  if (last === undefined || node === null) return null;
  const state = store.node(runId, node)?.state ?? 'unknown';
  return new MoError({
    code: 'nothing-to-show',
    what: `Node ${node} of ${runId} has no receipt that counts (${state}); that of attempt ${last.attempt} is stale.`,
    fix: `It is kept in ${last.path}.`,
  });
}
