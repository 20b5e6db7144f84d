import type { Secret } from '../core/redact.ts';

/**
 * What secretlint finds in a text. Loaded on first use: it is large, and many calls of mo never need it. Give it much at a time: each
 * call leaves about a hundred marks for its profiler in memory, and taking them away makes the profiler throw where nobody can catch.
 */
export async function lintSecrets(text: string): Promise<Secret[]> {
  const [{ lintSource }, { creator }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ]);
  // A comment in the text could turn rules off, and the text is the worker's. `disabled` has no effect on a rule of a preset (12.0.0).
  const preset: typeof creator = {
    ...creator,
    create: (context, options) =>
      creator.create(
        {
          ...context,
          registerRule: (rule, defaults) => {
            if (!rule.meta.id.endsWith('-filter-comments')) context.registerRule(rule, defaults);
          },
        },
        options,
      ),
  };
  const rules = [{ id: '@secretlint/secretlint-rule-aws', options: { enableIDScanRule: true } }];
  const { messages } = await lintSource({
    source: { filePath: 'text', content: text, ext: '', contentType: 'text' },
    options: {
      noPhysicFilePath: true,
      config: { rules: [{ id: creator.meta.id, rule: preset, rules }] },
    },
  });
  // It takes a byte order mark off before it counts.
  const shift = text.startsWith('\uFEFF') ? 1 : 0;
  return messages.map(({ ruleId, range }) => {
    const kind = ruleId.replace(/^.*secretlint-rule-/, '');
    return {
      kind,
      certainty: guessed.has(kind) ? ('guessed' as const) : ('issued' as const),
      start: range[0] + shift,
      end: range[1] + shift,
    };
  });
}

const guessed = new Set(['basicauth', 'database-connection-string']);
