import { join } from 'node:path';
import { nodeName, runId as runIdSchema } from '../core/names.ts';
import { MoError } from '../core/problem.ts';

export type WorkspacePaths = ReturnType<typeof workspacePaths>;

/**
 * Where everything is that mo writes into a project. Names become parts of paths here and nowhere else, so this is where one that
 * could lead out of the workspace is refused.
 */
export function workspacePaths(projectRoot: string) {
  const folder = join(projectRoot, '.agent-workspace');
  const runs = join(folder, 'runs');
  const worktrees = join(folder, 'worktrees');
  const inRun = (runId: string, ...parts: string[]): string =>
    join(runs, checkRun(runId), ...parts);
  return {
    folder,
    gitignore: join(folder, '.gitignore'),
    database: join(folder, 'mo.db'),
    runs,
    worktrees,
    archives: join(folder, 'archives'),

    runFolder: (runId: string) => inRun(runId),
    /** Touched with every change of the run; see `pulse.ts`. */
    pulse: (runId: string) => inRun(runId, 'pulse'),
    workflow: (runId: string) => inRun(runId, 'workflow.yaml'),
    plan: (runId: string) => inRun(runId, 'plan.md'),
    escalation: (runId: string) => inRun(runId, 'escalation.md'),
    /** The text of its pull request. */
    pullRequest: (runId: string) => inRun(runId, 'pull-request.md'),
    report: (runId: string) => inRun(runId, 'report.md'),
    reportData: (runId: string) => inRun(runId, 'report.json'),
    /** The text of the workflow the run was started with, where it came from one. */
    source: (runId: string) => inRun(runId, 'source.yaml'),
    /** The path of the file that text was in. */
    sourceFile: (runId: string) => inRun(runId, 'source-file'),
    inputs: (runId: string) => inRun(runId, 'inputs.json'),
    ownerLog: (runId: string) => inRun(runId, 'owner.log'),
    receipts: (runId: string) => inRun(runId, 'receipts'),
    receipt: (runId: string, node: string) => inRun(runId, 'receipts', `${checkNode(node)}.json`),
    /** Where it goes when it counts no more. */
    staleReceipt: (runId: string, node: string, attempt: number) =>
      inRun(runId, 'receipts', 'stale', `${checkNode(node)}-${checkAttempt(attempt)}.json`),
    staleRunReceipt: (runId: string, number: number) =>
      inRun(runId, 'stale', `receipt-${checkAttempt(number)}.json`),
    /** Of the integrated tree. */
    runReceipt: (runId: string) => inRun(runId, 'receipt.json'),
    nodeFolder: (runId: string, node: string) => inRun(runId, 'nodes', checkNode(node)),
    attemptFolder: (runId: string, node: string, attempt: number) =>
      inRun(runId, 'nodes', checkNode(node), checkAttempt(attempt)),
    runWorktrees: (runId: string) => join(worktrees, checkRun(runId)),
    worktree: (runId: string, node: string) => join(worktrees, checkRun(runId), checkNode(node)),
    /** What the items of a map share; no node has such a name. */
    slotWorktree: (runId: string, map: string, slot: number) =>
      join(worktrees, checkRun(runId), `${checkNode(map)}.${slot}`),
  };
}

function checkRun(runId: string): string {
  if (runIdSchema.safeParse(runId).success) return runId;
  throw new MoError({
    code: 'bad-input',
    what: `${JSON.stringify(runId)} is no run id.`,
    fix: 'A run id looks like r-7-add-jwt; poll {} shows the active runs.',
  });
}

function checkNode(node: string): string {
  if (nodeName.safeParse(node).success) return node;
  throw new MoError({
    code: 'bad-input',
    what: `${JSON.stringify(node)} is no node name.`,
    fix: 'A node name has 1 to 64 of the characters a-z, 0-9, - and _.',
  });
}

function checkAttempt(attempt: number): string {
  if (Number.isSafeInteger(attempt) && attempt > 0) return String(attempt);
  throw new MoError({
    code: 'bad-input',
    what: `${attempt} is no attempt.`,
    fix: 'Attempts are counted 1, 2, 3.',
  });
}
