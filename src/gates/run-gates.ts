import type { Verdict } from '../core/gate.ts';
import { mayRun } from '../core/gates.ts';
import type { GateSpec } from '../core/node.ts';
import { judgeCommand } from './command.ts';
import type { GateContext } from './gate-context.ts';
import { judgeHandoff } from './handoff.ts';
import { judgeScope } from './scope.ts';
import { judgeSecrets } from './secrets.ts';
import { judgeSyntax } from './syntax.ts';

/**
 * Runs gates in the given order (`gatesOf` makes it); commands are left out once something has failed. Passed is what has verdicts and
 * only passing ones. `onVerdict` learns of each at once.
 */
export async function runGates(
  specs: readonly GateSpec[],
  context: GateContext,
  onVerdict: (verdict: Verdict) => void = () => {},
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const [index, spec] of specs.entries()) {
    context.signal.throwIfAborted();
    if (!mayRun(spec, verdicts)) continue;
    const verdict = await judgeOne(spec, context, index + 1);
    verdicts.push(verdict);
    onVerdict(verdict);
  }
  return verdicts;
}

function judgeOne(spec: GateSpec, context: GateContext, number: number): Promise<Verdict> {
  switch (spec.gate) {
    case 'handoff':
      return judgeHandoff(context);
    case 'scope':
      return judgeScope(context);
    case 'secrets':
      return judgeSecrets(context);
    case 'syntax':
      return judgeSyntax(spec.commands, context);
    case 'command':
      return judgeCommand(spec, context, number);
  }
}
