import { relative } from 'node:path';
import { gatesOfTree } from '../core/gates.ts';
import { makeReceipt } from '../core/receipt.ts';
import { treeOf } from '../git/commit.ts';
import { writeWhole } from '../platform/files.ts';
import { judgeTree } from './judge-tree.ts';
import { provedCommands } from './proved.ts';
import { sha256 } from './receipt.ts';
import type { Engine } from './engine.ts';
import type { Recorder } from './recorder.ts';

/** The run's own gates on the integrated tree: what lands was proved as a whole. */
export async function performVerification(
  engine: Engine,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<void> {
  const run = recorder.run();
  const { repository } = engine;
  if (repository === null || run.head === null) return;
  const { commit } = run.head;
  const tree = run.head.tree ?? (await treeOf(repository.git, commit));
  const proved = await provedCommands(engine, run, tree);
  const commands = run.spec.gates
    .filter((command) => !proved.some(({ name }) => name === command))
    .map((command) => ({ gate: 'command' as const, command, timeoutMs: null }));
  const round = run.cycles.length + run.invalidations.length + 1;
  const evidence = `verify-${round}`;
  const verdicts = [
    ...(await judgeTree(engine, run, {
      base: run.spec.base ?? commit,
      commit,
      gates: gatesOfTree(commands, run.spec.settings, 'whole'),
      evidence,
      signal,
    })),
    ...proved,
  ];
  if (verdicts.some((one) => !one.pass)) {
    recorder.record([{ type: 'run.refused', commit, tree, verdicts }]);
    engine.log(
      `the integrated tree was refused by ${verdicts
        .filter((one) => !one.pass)
        .map((one) => one.name)
        .join(', ')}`,
    );
    return;
  }
  const receipt = makeReceipt(
    {
      run: run.spec.runId,
      node: 'verify',
      attempt: round,
      base: run.spec.base,
      commit,
      tree,
      files: [],
      route: null,
      model: null,
      spend: run.settled,
      verdicts,
      handoff: null,
      prompt_version: null,
      issuedAt: engine.clock.now(),
    },
    sha256,
  );
  const file = engine.paths.runReceipt(run.spec.runId);
  await writeWhole(file, `${JSON.stringify(receipt, null, 2)}\n`);
  recorder.record([
    { type: 'run.verified', commit, tree, verdicts, receipt: relative(engine.project, file) },
  ]);
  engine.log('the integrated tree is verified');
}
