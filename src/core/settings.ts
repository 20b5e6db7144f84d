import { z } from 'zod';
import { landWish } from './landing.ts';
import { role } from './names.ts';
import { syntaxCommands } from './node.ts';

const price = z.strictObject({
  input: z.number().nonnegative().describe('US dollars per million tokens read'),
  output: z.number().nonnegative().describe('US dollars per million tokens written'),
  cached: z
    .number()
    .nonnegative()
    .optional()
    .meta({ description: 'US dollars per million tokens read from the cache', unset: '`input`' }),
});

const profile = z.strictObject({
  model: z.string().optional().meta({ description: 'Model', unset: 'that of the provider' }),
  effort: z.string().optional().meta({ description: 'Effort', unset: 'that of the provider' }),
  env: z
    .record(z.string(), z.string())
    .optional()
    .describe('Variables of its workers, beside and before those of the provider'),
  price: price
    .optional()
    .meta({ description: 'As of the provider', unset: 'that of the provider' }),
  /** Whose it is where it is not from a settings file: its environment is read there when a worker starts. */
  from: z.literal('cc-switch').optional(),
});

const provider = z.strictObject({
  model: z
    .string()
    .optional()
    .meta({ description: 'Model its workers use', unset: "the CLI's own" }),
  effort: z
    .string()
    .optional()
    .meta({ description: 'How much they think, as the CLI names it', unset: "the CLI's own" }),
  enabled: z.boolean().optional().meta({ description: 'Whether it is used', unset: 'true' }),
  env: z
    .record(z.string(), z.string())
    .optional()
    .describe('Variables of its workers; `${NAME}` is filled in from the environment of the owner'),
  price: price
    .optional()
    .describe(
      'For a CLI that reports no money. Without it, such a CLI is charged the whole amount set aside for the attempt',
    ),
  profiles: z
    .record(z.string(), profile)
    .optional()
    .describe(
      'Named settings of the provider. A worker is written `provider:profile` in flags, workflows and `prefer`',
    ),
});

/**
 * `mo.yaml`, after durations and sizes have become numbers. Every key is optional; unknown keys are errors. docs/settings.md is made from
 * the descriptions; `unset` says what counts where nothing is set.
 */
export const settings = z.strictObject({
  version: z.literal(1).optional().meta({ description: 'Version of the format', unset: '1' }),
  providers: z.record(z.string(), provider).optional().describe('By name of the provider'),
  profiles: z
    .strictObject({
      cc_switch: z.boolean().optional().meta({
        description:
          'Whether the providers that [CC-Switch](models.md#profiles-from-cc-switch) keeps for Claude Code and Codex are profiles here',
        unset: 'false',
      }),
    })
    .optional(),
  roles: z
    .partialRecord(
      role,
      z.strictObject({
        prefer: z.array(z.string()).meta({
          description: 'Workers for the role, the best first: preferred, not required',
          unset:
            'by [score](models.md), then the providers in their order; for judging roles another vendor than the one that wrote',
        }),
      }),
    )
    .optional()
    .describe('By name of the role'),
  limits: z
    .strictObject({
      concurrency: z
        .number()
        .int()
        .min(1)
        .max(64)
        .optional()
        .meta({ description: 'Workers at once in one run', unset: '4' }),
      usd_per_day: z.number().positive().optional().meta({
        description:
          'Ceiling in US dollars over all runs of the project since midnight, what running attempts hold included',
        unset: 'none',
      }),
      fallback: z.boolean().optional().meta({
        description:
          'Whether a node that names no provider may go to another one when a quota is reached, or a worker refuses or is not signed in',
        unset: 'false',
      }),
    })
    .optional(),
  retries: z
    .strictObject({
      max: z.number().int().min(0).max(20).optional().meta({
        description:
          'Further attempts of a node started with `mo run`. Workflows say it themselves, in `defaults.retries`',
        unset: '2',
      }),
      backoff: z
        .strictObject({
          base: z.number().int().positive().optional(),
          factor: z.number().min(1).optional().meta({
            description: 'What the pause is multiplied by for each further failure',
            unset: '2',
          }),
          max: z.number().int().positive().optional(),
        })
        .optional(),
    })
    .optional(),
  gates: z
    .strictObject({
      commands: z.array(z.string()).optional().meta({
        description:
          'What the work of every run must pass as a whole, where its workflow names no `gates` of its own; a single worker that writes must pass them beside its own. The only commands a planner may give to its nodes. `--gate` replaces them',
        unset: 'none',
      }),
      secrets: z
        .boolean()
        .optional()
        .meta({ description: 'Whether the gate `secrets` runs', unset: 'true' }),
      syntax: z.union([z.boolean(), syntaxCommands]).optional().meta({
        description:
          'Whether the gate `syntax` runs; or, by ending of a file name, a command with `{file}`, or false: `{ ".vue": "npx vue-check {file}" }`',
        unset: 'true',
      }),
    })
    .optional(),
  worktrees: z
    .strictObject({
      setup: z.array(z.string()).optional().meta({
        description: 'Commands run once in every fresh worktree, in order, 15 minutes each',
        unset: 'none',
      }),
      link: z.array(z.string()).optional().meta({
        description: 'Paths of the project that are linked into every worktree',
        unset: '`[node_modules]`',
      }),
      copy: z
        .array(z.string())
        .optional()
        .meta({ description: 'Paths that are copied instead', unset: 'none' }),
    })
    .optional(),
  land: landWish.optional().meta({
    description: 'Where a result goes',
    unset: '`mo do`: `merge` when the checkout is clean, else `branch`; a workflow: `branch`',
  }),
  keep_raw: z.boolean().optional().meta({
    description: "Whether a worker's own output, unredacted, is kept once the gates have read it",
    unset: 'false',
  }),
});
export type Settings = z.infer<typeof settings>;
