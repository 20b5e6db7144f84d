import type { Finding, Verdict } from '../core/gate.ts';
import type { RunEvent } from '../core/event.ts';
import type { Json } from '../core/json.ts';
import { afterRefusal } from '../core/invalidate.ts';
import type { NodeSpec } from '../core/node.ts';
import type { Run } from '../core/run.ts';
import { inTurn } from '../git/in-turn.ts';
import { weighExpression, type Weighed } from './expressions.ts';
import { landingTurn } from './land.ts';
import { proveNode } from './receipt.ts';
import { withdrawReceipts } from './withdraw.ts';
import type { Engine } from './engine.ts';
import type { Recorder } from './recorder.ts';

/** A gate node whose needs are met: every expression is true, or its target is done again, or it fails. */
export async function performPassWhen(
  engine: Engine,
  recorder: Recorder,
  name: string,
): Promise<void> {
  const run = recorder.run();
  const node = run.nodes.get(name);
  if (node?.state.status !== 'waiting') return;
  const checks = await weighAll(run, node.spec);
  const verdicts = checks.map(verdictOf);
  const attempt = node.stale + 1;
  const judged = verdicts.map((verdict): RunEvent => ({
    type: 'gate.judged',
    node: name,
    attempt,
    verdict,
  }));
  const isCurrent = (): boolean => recorder.run().nodes.get(name) === node;
  if (verdicts.every((one) => one.pass)) {
    const handoff = handoffOf(checks);
    const proof = { attempt, work: null, verdicts, handoff };
    const { event, row } = await proveNode(engine, run, node, proof);
    if (!isCurrent()) return withdrawReceipts(engine, recorder.run());
    recorder.record([...judged, event], { receipts: [row] });
    engine.log(`${name}: passed`);
    return;
  }
  const findings = verdicts.flatMap((one) => one.findings);
  // Between the move of the run's branch and the event that tells of it nothing is invalidated.
  await inTurn(landingTurn(run), async () => {
    if (!isCurrent()) return;
    const next = afterRefusal(recorder.run(), node, findings);
    recorder.record([...judged, next]);
    engine.log(`${name}: not passed, ${next.type}`);
  });
  await withdrawReceipts(engine, recorder.run());
}

type Check = { expression: string; weighed: Weighed };

async function weighAll(run: Run, spec: NodeSpec): Promise<Check[]> {
  const checks: Check[] = [];
  for (const expression of spec.passWhen ?? [])
    checks.push({ expression, weighed: await weighExpression(expression, run, spec) });
  return checks;
}

function verdictOf({ expression, weighed }: Check): Verdict {
  const pass = weighed.ok && weighed.value === true;
  return {
    gate: 'expression',
    name: expression,
    pass,
    findings: pass ? [] : [findingOf(expression, weighed)],
    evidence: null,
    durationMs: 0,
  };
}

function findingOf(expression: string, weighed: Weighed): Finding {
  return {
    severity: 'major',
    title: weighed.ok ? `${expression} is not true` : `${expression} cannot be evaluated`,
    file: null,
    line: null,
    evidence: weighed.ok ? weighed.seen.join(', ') : weighed.message,
  };
}

function handoffOf(checks: readonly Check[]): Json {
  return {
    status: 'pass',
    summary: checks.map(({ expression }) => `${expression} holds`).join('; '),
    checks: checks.map(({ expression, weighed }) => ({
      expression,
      value: weighed.ok ? weighed.value : null,
    })),
  };
}
