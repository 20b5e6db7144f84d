import { styleText } from 'node:util';
import { lackText } from '../core/shown.ts';
import type { CheckResult, SelftestReport } from '../operations/run-selftest.ts';
import type { TrialsReport } from '../operations/try-clis.ts';
import { fitTo } from './cells.ts';
import type { Terminal } from './terminal.ts';

const titleCells = 30;
const timeCells = 7;

/** One line of the table, and below a cross what to do. */
export function checkLines(
  result: CheckResult,
  { hasColor }: Pick<Terminal, 'hasColor'>,
): string[] {
  const time = result.state === 'left-out' ? '' : `${(result.ms / 1_000).toFixed(1)} s`;
  const line = `${markOf(result, hasColor)} ${fitTo(result.title, titleCells)}${time.padStart(timeCells)}  ${result.said}`;
  return result.state === 'failed'
    ? [line, `${' '.repeat(2 + titleCells + timeCells)}  → ${result.fix}`]
    : [line];
}

export function endLine({ checks, ms, passed, mo }: SelftestReport): string {
  const count = (state: CheckResult['state']): number =>
    checks.filter((one) => one.state === state).length;
  const took = `${(ms / 1_000).toFixed(1)} s`;
  if (passed) return `\nmo ${mo}: all ${checks.length} checks passed, in ${took}.`;
  const leftOut = count('left-out');
  return `\n${count('failed')} of ${checks.length} checks failed${leftOut === 0 ? '' : `, ${leftOut} left out`}, in ${took}.`;
}

/** What mo makes of what worker CLIs have shown. */
export function shownLines({ clis, drift, file }: TrialsReport): string[] {
  const unused = clis.flatMap(({ provider, lacks }) =>
    lacks.map(({ ability, version }) => `${provider} ${version} ${lackText(ability)}`),
  );
  return [
    ...unused,
    ...drift.map((one) => `changed since the last time: ${one}`),
    ...(clis.length === 0 ? [] : [`kept in ${file}`]),
  ];
}

function markOf({ state }: CheckResult, hasColor: boolean): string {
  const paint = (color: 'green' | 'red' | 'dim', mark: string): string =>
    hasColor ? styleText(color, mark, { validateStream: false }) : mark;
  switch (state) {
    case 'passed':
      return paint('green', '✔');
    case 'failed':
      return paint('red', '✘');
    case 'left-out':
      return paint('dim', '–');
  }
}
