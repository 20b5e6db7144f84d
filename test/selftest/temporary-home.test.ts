import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeTemporaryHome } from '../../src/selftest/temporary-home.ts';

test('a temporary home sends both CLIs to the model servers and nowhere near the real home', async () => {
  const home = await makeTemporaryHome({
    anthropic: 'http://127.0.0.1:1234',
    openai: 'http://127.0.0.1:5678/v1',
  });
  try {
    expect(home.env['ANTHROPIC_BASE_URL']).toBe('http://127.0.0.1:1234');
    const config = await readFile(join(home.env['CODEX_HOME'] ?? '', 'config.toml'), 'utf8');
    expect(config).toContain('base_url = "http://127.0.0.1:5678/v1"');
    for (const name of ['HOME', 'CLAUDE_CONFIG_DIR', 'CODEX_HOME', 'XDG_CONFIG_HOME']) {
      expect(home.env[name]?.startsWith(home.folder)).toBe(true);
    }
    expect(Object.values(home.env).some((value) => value.startsWith(join(homedir(), '.')))).toBe(
      false,
    );
  } finally {
    await home.remove();
  }
  expect(existsSync(home.folder)).toBe(false);
});
