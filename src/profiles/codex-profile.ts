import { z } from 'zod';
import type { ReadProfile } from './read-profile.ts';

const settings = z.looseObject({
  auth: z.looseObject({ OPENAI_API_KEY: z.string().nullish() }).nullish(),
  config: z.string().nullish(),
});

const provider = z.strictObject({
  name: z.string().optional(),
  base_url: z.string().optional(),
  wire_api: z.string().optional(),
  requires_openai_auth: z.boolean().optional(),
  experimental_bearer_token: z.string().optional(),
  env_key: z.string().optional(),
});

const toml = z.looseObject({
  model: z.string().optional(),
  model_reasoning_effort: z.string().optional(),
  model_provider: z.string().optional(),
  model_providers: z.record(z.string(), z.unknown()).optional(),
});

/** Where Codex is told to look for the key; a key on its command line could be seen by everybody on the machine. */
const keyVariable = 'MO_PROFILE_KEY';

/** The `auth.json` and `config.toml` of Codex that CC-Switch would put in place: its model provider and key make the profile. */
export async function codexProfile(config: unknown): Promise<ReadProfile> {
  const parsed = settings.safeParse(config);
  if (!parsed.success) return { why: 'its settings are not those of Codex' };
  const read = await tomlOf(parsed.data.config ?? '');
  if (read === null) return { why: 'its config.toml does not read' };
  const { model = null, model_reasoning_effort: effort = null } = read;
  const named = read.model_provider ?? 'openai';
  const key = parsed.data.auth?.OPENAI_API_KEY ?? '';
  const table = read.model_providers?.[named];
  if (table === undefined && named === 'openai') {
    return key === ''
      ? {
          why: 'it has no key of its own: it is the sign-in of Codex, which the provider without a profile uses',
        }
      : { model, effort, env: { CODEX_API_KEY: key }, config: { model_provider: 'openai' } };
  }
  const own = provider.safeParse(table ?? {});
  if (!own.success) {
    return {
      why: `its model provider has settings that mo does not carry over (${keysIn(own.error)})`,
    };
  }
  const secret = own.data.experimental_bearer_token ?? key;
  const address = addressOf(own.data.base_url);
  if (address === null) return { why: 'its model provider has no plain address (base_url)' };
  if (secret === '') return { why: 'it has no key of its own' };
  return {
    model,
    effort,
    env: { [keyVariable]: secret },
    config: {
      model_provider: 'mo-profile',
      'model_providers.mo-profile.name': own.data.name ?? named,
      'model_providers.mo-profile.base_url': address,
      'model_providers.mo-profile.wire_api': own.data.wire_api ?? 'responses',
      'model_providers.mo-profile.env_key': keyVariable,
    },
  };
}

async function tomlOf(text: string): Promise<z.infer<typeof toml> | null> {
  const { parse, TomlError } = await import('smol-toml');
  try {
    return toml.safeParse(parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof TomlError) return null;
    throw error;
  }
}

/** Names only: values may be keys. */
function keysIn({ issues }: z.ZodError): string {
  return issues
    .flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : issue.path.map(String)))
    .join(', ');
}

/** It is seen on the command line, so one that holds a password or a token will not do. */
function addressOf(text: string | undefined): string | null {
  if (text === undefined || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.search !== '') return null;
  return text;
}
