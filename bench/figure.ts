/** One line of the table: what was measured, what was aimed at, and whether that was reached. */
export type Figure = {
  name: string;
  measured: string;
  /** null: told beside the others, nothing is promised about it. */
  target: string | null;
  isMet: boolean | null;
};

export function figure(
  name: string,
  measured: number,
  target: { most: number } | { least: number } | null,
  unit: string,
): Figure {
  const shown = `${shortly(measured)}${unit}`;
  if (target === null) return { name, measured: shown, target: null, isMet: null };
  return 'most' in target
    ? {
        name,
        measured: shown,
        target: `at most ${shortly(target.most)}${unit}`,
        isMet: measured <= target.most,
      }
    : {
        name,
        measured: shown,
        target: `at least ${shortly(target.least)}${unit}`,
        isMet: measured >= target.least,
      };
}

/** As Markdown, so that it can be put into docs/benchmarks.md as it stands. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, measured, target, isMet }) => [
    name,
    measured,
    target ?? '',
    isMet === null ? '' : isMet ? 'met' : '**missed**',
  ]);
  const all = [['figure', 'measured', 'target', ''], ...rows];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0), 3),
  );
  const lines = all.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

function shortly(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toFixed(2)));
}
