import { z } from 'zod';
import type { ReadProfile } from './read-profile.ts';

const value = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const settings = z.looseObject({
  env: z.record(z.string(), z.unknown()).optional(),
  model: z.string().optional(),
  apiKeyHelper: z.string().optional(),
});

/** What Claude Code itself reads. Whatever else stands there (PATH, NODE_OPTIONS) would be about other programs. */
const read =
  /^(ANTHROPIC_\w+|CLAUDE_\w+|AWS_\w+|GOOGLE_\w+|VERTEX_\w+|CLOUD_ML_REGION|API_TIMEOUT_MS|MAX_\w+|DISABLE_\w+|ENABLE_\w+|HTTPS?_PROXY|NO_PROXY)$/;

const account =
  /^(ANTHROPIC_API_KEY|ANTHROPIC_AUTH_TOKEN|ANTHROPIC_BASE_URL|CLAUDE_CODE_OAUTH_TOKEN|CLAUDE_CODE_USE_\w+)$/;

/** The settings of Claude Code that CC-Switch would put in place: the environment in them makes the profile. */
export async function claudeProfile(config: unknown): Promise<ReadProfile> {
  const parsed = settings.safeParse(config);
  if (!parsed.success) return { why: 'its settings are not those of Claude Code' };
  const { env: given = {}, model, apiKeyHelper } = parsed.data;
  const env: Record<string, string> = {};
  for (const [name, one] of Object.entries(given)) {
    const text = value.safeParse(one);
    if (read.test(name) && text.success && text.data !== '') env[name] = text.data;
  }
  if (!Object.keys(env).some((name) => account.test(name))) {
    return {
      why:
        apiKeyHelper === undefined
          ? 'it has no key of its own: it is the sign-in of Claude Code, which the provider without a profile uses'
          : 'it gets its key from a command (apiKeyHelper)',
    };
  }
  return { model: env['ANTHROPIC_MODEL'] ?? model ?? null, effort: null, env, config: {} };
}
