/** What a model is for, in the vendor's own words about it, brought to four steps. */
export type Tier = 'frontier' | 'strong' | 'workhorse' | 'fast';

export type ModelFacts = {
  /** The name without date and vendor: `claude-opus-5-5`. */
  model: string;
  vendor: 'anthropic' | 'openai';
  tier: Tier;
  /** The vendor has a newer one of the same kind. */
  isOlder: boolean;
  /** US dollars per million tokens at list price, short prompts; `cached`: read from the cache. null: no source says. */
  price: { input: number; output: number; cached: number | null } | null;
  /** Tokens. For models of OpenAI what the Codex CLI gives a session by default, not what the API takes. */
  contextWindow: number | null;
  /** Where its price was looked up, a key of `modelSources`. */
  source: ModelSource;
};

export type ModelSource = keyof typeof modelSources;

/** Where the facts come from. */
export const modelSources = {
  anthropic: 'platform.claude.com: "Pricing" and the overview page of the model; windows too',
  'release notes':
    'release notes of tools that follow platform.claude.com; windows: its overview page of the model',
  openai:
    'developers.openai.com: the page of the model; windows: `codex debug models` of Codex 0.169.0',
  github: "GitHub's table of the models in Copilot; windows: `codex debug models` of Codex 0.169.0",
} as const;

/** The day the facts below were looked up. */
export const modelDataDate = '2026-11-21';

/** What is known of a model by the name a CLI takes; null: nothing. Dates, vendors and suffixes such as `[1m]` do not matter. */
export function factsOf(name: string | null): ModelFacts | null {
  if (name === null) return null;
  const bare = name
    .toLowerCase()
    .replace(/^.*[/.](?=claude-|gpt-)/, '')
    .replace(/\[\w+\]$/, '');
  const wanted = newest.get(bare) ?? bare;
  return (
    knownModels.find(
      ({ model }) => wanted === model || /^[-@](\d{4}|latest|v\d)/.test(tail(wanted, model)),
    ) ?? null
  );
}

function tail(name: string, model: string): string {
  return name.startsWith(model) ? name.slice(model.length) : '';
}

/** Names that stand for the newest of their kind (Claude Code 2.1.293 and later, at Anthropic itself; `gpt-5.6`: OpenAI's list of models). */
const newest: ReadonlyMap<string, string> = new Map([
  ['fable', 'claude-fable-5-1'],
  ['opus', 'claude-opus-5-5'],
  ['sonnet', 'claude-sonnet-5-5'],
  ['haiku', 'claude-haiku-5-5'],
  ['gpt-5.6', 'gpt-5.6-sol'],
]);

const million = 1_000_000;
const codexWindow = 272_000;

/**
 * The reading of the cache of Sonnet 5.5 is 0.10 since 2026-10-07; of the two bands of Haiku 5.5 this is the one for prompts up to
 * 100,000 tokens.
 */
export const knownModels: readonly ModelFacts[] = [
  claude('claude-fable-5-1', 'frontier', [10, 50, 0.25], million),
  older(claude('claude-fable-5', 'frontier', [10, 50, 1], million)),
  claude('claude-opus-5-5', 'strong', [4, 20, 0.2], million),
  older(claude('claude-opus-5', 'strong', [5, 25, 0.5], million)),
  older(claude('claude-opus-4-8', 'strong', [5, 25, 0.5], million)),
  older(claude('claude-opus-4-7', 'strong', [5, 25, 0.5], million)),
  older(claude('claude-opus-4-6', 'strong', [5, 25, 0.5], million)),
  older(claude('claude-opus-4-5', 'strong', [5, 25, 0.5], 200_000)),
  older(claude('claude-opus-4-1', 'strong', [15, 75, 1.5], 200_000)),
  sourced('release notes', claude('claude-sonnet-5-5', 'workhorse', [2, 10, 0.1], million)),
  older(claude('claude-sonnet-5', 'workhorse', [2, 10, 0.2], million)),
  older(claude('claude-sonnet-4-6', 'workhorse', [3, 15, 0.3], million)),
  older(claude('claude-sonnet-4-5', 'workhorse', [3, 15, 0.3], 200_000)),
  sourced('release notes', claude('claude-haiku-5-5', 'fast', [0.1, 0.5, 0.01], million)),
  older(claude('claude-haiku-4-5', 'fast', [1, 5, 0.1], 200_000)),
  gpt('gpt-6-astra', 'frontier', [10, 50, 1], codexWindow),
  gpt('gpt-6.2-sol', 'strong', [2, 10, 0.1], null),
  older(gpt('gpt-6.1-sol', 'strong', [2, 10, 0.1], codexWindow)),
  older(gpt('gpt-6-sol', 'strong', [2, 10, 0.2], codexWindow)),
  gpt('gpt-6.1-terra', 'workhorse', [1, 5, 0.05], 500_000),
  gpt('gpt-6-luna', 'fast', [0.1, 0.5, 0.01], codexWindow),
  older(gpt('gpt-5.6-sol', 'strong', [4, 20, 0.4], codexWindow)),
  older(gpt('gpt-5.6-terra', 'workhorse', [2, 12, 0.2], codexWindow)),
  older(gpt('gpt-5.6-luna', 'fast', [0.2, 1.2, 0.02], codexWindow)),
  older(sourced('github', gpt('gpt-5.5', 'workhorse', [5, 30, 0.5], codexWindow))),
  older(sourced('github', gpt('gpt-5.4', 'workhorse', [2.5, 15, 0.25], null))),
  older(sourced('github', gpt('gpt-5.4-mini', 'fast', [0.75, 4.5, 0.075], null))),
  older(sourced('github', gpt('gpt-5.3-codex', 'workhorse', [1.75, 14, 0.175], null))),
];

type Price = readonly [input: number, output: number, cached: number];

function claude(model: string, tier: Tier, price: Price, contextWindow: number): ModelFacts {
  const facts = { model, tier, isOlder: false, price: priceOf(price), contextWindow };
  return { ...facts, vendor: 'anthropic', source: 'anthropic' };
}

function gpt(model: string, tier: Tier, price: Price, contextWindow: number | null): ModelFacts {
  const facts = { model, tier, isOlder: false, price: priceOf(price), contextWindow };
  return { ...facts, vendor: 'openai', source: 'openai' };
}

function sourced(source: ModelSource, facts: ModelFacts): ModelFacts {
  return { ...facts, source };
}

function older(facts: ModelFacts): ModelFacts {
  return { ...facts, isOlder: true };
}

function priceOf([input, output, cached]: Price): ModelFacts['price'] {
  return { input, output, cached };
}
