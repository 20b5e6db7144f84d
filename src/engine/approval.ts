import { approvalId } from '../core/requests.ts';
import type { Verdict } from '../core/gate.ts';
import type { Json } from '../core/json.ts';
import type { RunNode } from '../core/run.ts';
import { proveNode } from './receipt.ts';
import type { Engine } from './engine.ts';
import type { Recorder } from './recorder.ts';

/** Somebody looked and said yes: that is the whole proof of an approval. */
const byPerson: Verdict = {
  gate: 'judge',
  name: 'approval',
  pass: true,
  findings: [],
  evidence: null,
  durationMs: 0,
};

/** An approval node whose question has been answered. */
export async function settleApproval(
  engine: Engine,
  recorder: Recorder,
  node: RunNode,
): Promise<void> {
  const run = recorder.run();
  const { name } = node.spec;
  const answer = run.answers.get(approvalId(node));
  if (answer === undefined || node.state.status !== 'waiting') return;
  if (answer.choice !== 'yes') {
    const message = answer.text === '' ? 'not approved' : `not approved: ${answer.text}`;
    recorder.record([{ type: 'node.failed', node: name, message, findings: [] }]);
    return;
  }
  const handoff: Json = { status: 'pass', summary: answer.text === '' ? 'approved' : answer.text };
  const { event, row } = await proveNode(engine, run, node, {
    attempt: node.stale + 1,
    work: null,
    verdicts: [byPerson],
    handoff,
  });
  recorder.record([event], { receipts: [row] });
}
