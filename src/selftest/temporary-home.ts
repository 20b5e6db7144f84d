import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type TemporaryHome = {
  folder: string;
  /** Laid over the caller's environment, it leaves the CLIs no way to the real home, a real account or the network. */
  env: Readonly<Record<string, string>>;
  remove: () => Promise<void>;
};

/** A home in which Claude Code and Codex know nothing but the model servers. null: that CLI gets no model. */
export async function makeTemporaryHome(
  servers: { anthropic: string | null; openai: string | null },
  parent = tmpdir(),
): Promise<TemporaryHome> {
  const folder = await mkdtemp(join(parent, 'mo-home-'));
  const claude = join(folder, '.claude');
  const codex = join(folder, '.codex');
  // Codex does not start when the folder named by CODEX_HOME is missing (0.169.0).
  await Promise.all([mkdir(claude), mkdir(codex)]);
  await writeFile(join(codex, 'config.toml'), codexConfig(servers.openai ?? nowhere));
  return {
    folder,
    env: {
      HOME: folder,
      XDG_CONFIG_HOME: join(folder, '.config'),
      XDG_DATA_HOME: join(folder, '.local/share'),
      XDG_STATE_HOME: join(folder, '.local/state'),
      XDG_CACHE_HOME: join(folder, '.cache'),
      NO_PROXY: '127.0.0.1,localhost',
      no_proxy: '127.0.0.1,localhost',
      CLAUDE_CONFIG_DIR: claude,
      ANTHROPIC_BASE_URL: servers.anthropic ?? nowhere,
      ANTHROPIC_API_KEY: scriptedKey,
      ANTHROPIC_AUTH_TOKEN: '',
      CLAUDE_CODE_OAUTH_TOKEN: '',
      CODEX_HOME: codex,
      CODEX_API_KEY: scriptedKey,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
}

/** Looks like no vendor's key, so that nothing that looks for leaked ones is alarmed. */
const scriptedKey = 'scripted';

/** Port 9 discards; nobody listens there. */
const nowhere = 'http://127.0.0.1:9';

/** A provider of its own, because the built-in one tries a WebSocket first and wants a login. */
function codexConfig(url: string): string {
  return `model = "scripted"
model_provider = "scripted"

[model_providers.scripted]
name = "scripted"
base_url = ${JSON.stringify(url)}
wire_api = "responses"
env_key = "CODEX_API_KEY"
`;
}
