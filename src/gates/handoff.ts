import type { Finding, Verdict } from '../core/gate.ts';
import { judge, type GateContext } from './gate-context.ts';

/** Whether the worker answered in the form its role demands; what is wrong with it was found by the contract (`core/handoff.ts`). */
export function judgeHandoff(context: GateContext): Promise<Verdict> {
  const { value, findings } = context.handoff;
  return judge('handoff', context, () => ({
    findings: value === null && findings.length === 0 ? [missing] : findings,
    evidence: { present: value !== null },
  }));
}

const missing: Finding = {
  severity: 'major',
  title: 'There is no handoff',
  file: null,
  line: null,
  evidence: 'The worker ended without the JSON object that its role must answer with.',
};
