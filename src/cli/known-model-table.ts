import type { KnownModel, KnownModels } from '../operations/list-known-models.ts';
import { cellsOf, cutTo, fitTo, wrapped } from './cells.ts';
import { roleCells, shortRole } from './model-table.ts';

/** A line for each model; what is to be typed is never cut. */
export function knownModelTable(
  { models, roles, data, sources }: KnownModels,
  width: number,
): string {
  const nameCells = Math.max(...models.map(({ model }) => cellsOf(model))) + 1;
  const row = (name: string, cells: readonly string[]): string =>
    fitTo(name, nameCells) + cutTo(cells.join(' ').trimEnd(), Math.max(0, width - nameCells));
  const head = row('model', [
    ...roles.map((role) => fitTo(shortRole(role), roleCells(role))),
    fitTo('$/M', priceCells),
    fitTo('tokens', tokenCells),
    fitTo('source', sourceCells),
    'worker',
  ]);
  const lines = models.map((one) =>
    row(one.model, [
      ...roles.map((role) => fitTo(scoreText(one, role), roleCells(role))),
      fitTo(one.price === null ? '–' : `${one.price.input}/${one.price.output}`, priceCells),
      fitTo(tokensText(one), tokenCells),
      fitTo(one.source, sourceCells),
      one.workers.join(', ') || '–',
    ]),
  );
  const footer = [
    `Facts of ${data}. Scores: what they say of each kind of work, before track record and order. $/M: list price of a million tokens read/written.`,
    'mo gives work to the workers of `mo models` only. A model of this list becomes one with a profile in mo.yaml: providers: { claude: { profiles: { fast: { model: haiku } } } }.',
    ...Object.entries(sources).map(([name, text]) => `${name}: ${text}`),
  ];
  const most = Math.min(80, width);
  return [head, ...lines, '', ...footer.flatMap((one) => wrapped(one, most))].join('\n');
}

const priceCells = 8;
const tokenCells = 6;
const sourceCells = 13;

function scoreText({ scores }: KnownModel, role: string): string {
  return String(scores.find((one) => one.role === role)?.score ?? '');
}

function tokensText({ context_window: tokens }: KnownModel): string {
  return tokens === null ? '–' : `${tokens / 1000}k`;
}
