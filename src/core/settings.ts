import { z } from 'zod';
import { role } from './names.ts';
import { syntaxCommands } from './node.ts';

const price = z.strictObject({
  /** US dollars per million tokens. */
  input: z.number().nonnegative(),
  output: z.number().nonnegative(),
  cached: z.number().nonnegative().optional(),
});

const profile = z.strictObject({
  model: z.string().optional(),
  effort: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
  price: price.optional(),
  /** Whose it is where it is not from a settings file: its environment is read there when a worker starts. */
  from: z.literal('cc-switch').optional(),
});

const provider = z.strictObject({
  model: z.string().optional(),
  effort: z.string().optional(),
  enabled: z.boolean().optional(),
  env: z.record(z.string(), z.string()).optional(),
  price: price.optional(),
  profiles: z.record(z.string(), profile).optional(),
});

/** `mo.yaml`, after durations and sizes have become numbers. Every key is optional; unknown keys are errors. */
export const settings = z.strictObject({
  version: z.literal(1).optional(),
  providers: z.record(z.string(), provider).optional(),
  profiles: z.strictObject({ cc_switch: z.boolean().optional() }).optional(),
  roles: z.partialRecord(role, z.strictObject({ prefer: z.array(z.string()) })).optional(),
  limits: z
    .strictObject({
      concurrency: z.number().int().min(1).max(64).optional(),
      usd_per_day: z.number().positive().optional(),
      fallback: z.boolean().optional(),
    })
    .optional(),
  retries: z
    .strictObject({
      max: z.number().int().min(0).max(20).optional(),
      backoff: z
        .strictObject({
          base: z.number().int().positive().optional(),
          factor: z.number().min(1).optional(),
          max: z.number().int().positive().optional(),
        })
        .optional(),
    })
    .optional(),
  gates: z
    .strictObject({
      commands: z.array(z.string()).optional(),
      secrets: z.boolean().optional(),
      syntax: z.union([z.boolean(), syntaxCommands]).optional(),
    })
    .optional(),
  worktrees: z
    .strictObject({
      setup: z.array(z.string()).optional(),
      link: z.array(z.string()).optional(),
      copy: z.array(z.string()).optional(),
    })
    .optional(),
  land: z.enum(['branch', 'merge', 'none']).optional(),
  keep_raw: z.boolean().optional(),
});
export type Settings = z.infer<typeof settings>;
