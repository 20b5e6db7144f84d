import type { Limit, NodeSpec } from '../core/node.ts';
import { counted, cut, oneLine } from './text-lines.ts';
import type { Whole } from './whole.ts';

/** `The whole must pass npm test · budget $3 · lands: branch`. */
export function wholeText({ gates, budget, land }: Whole): string {
  return [gatesText(gates), budgetText(budget), `lands: ${land}`].join(' · ');
}

/** What a result is held to beside where it may write; a line each. */
export function limitLines({ kind, scope, gates, budget }: Work): string[] {
  const { deny, maxDiffLines } =
    scope === null || scope === 'any' ? { deny: [], maxDiffLines: null } : scope;
  const commands = gates.flatMap((gate) => (gate.gate === 'command' ? [gate.command] : []));
  // Only agents spend any.
  const amounts = kind === 'agent' ? amountsOf(budget) : [];
  const limits = [
    ...(deny.length === 0 ? [] : [`not ${few(deny)}`]),
    ...(maxDiffLines === null ? [] : [`at most ${counted(maxDiffLines, 'changed line')}`]),
    ...(amounts.length === 0 ? [] : [`at most ${amounts.join(' and ')} an attempt`]),
  ];
  return [
    ...(limits.length === 0 ? [] : [limits.join(', ')]),
    ...(commands.length === 0 ? [] : [`must pass ${few(commands)}`]),
  ];
}

type Work = Pick<NodeSpec, 'kind' | 'scope' | 'gates' | 'budget'>;

const mostTexts = 8;
const mostChars = 160;

function gatesText(gates: Whole['gates']): string {
  if (gates === null) return 'What the whole must pass is in a file that nobody has trusted yet';
  if (gates.length === 0) return 'No command has to pass for the whole';
  return `The whole must pass ${few(gates)}`;
}

function budgetText(budget: Limit): string {
  const amounts = amountsOf(budget);
  return amounts.length === 0 ? 'no budget' : `budget ${amounts.join(' and ')}`;
}

function amountsOf({ usd, tokens }: Limit): string[] {
  return [
    ...(usd === null ? [] : [`$${Number(usd.toFixed(4))}`]),
    ...(tokens === null ? [] : [`${tokens} tokens`]),
  ];
}

function few(texts: readonly string[]): string {
  const shown = texts.slice(0, mostTexts).map((text) => cut(oneLine(text), mostChars));
  const left = texts.length - shown.length;
  return `${shown.join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}
