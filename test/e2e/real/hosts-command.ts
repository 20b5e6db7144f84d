import { bundle } from './team-rig.ts';

export type Host = 'claude' | 'codex';

/** Starts a host with mo as its only MCP server, where the scripted workers follow `book`. The `more` flags come before the prompt. */
export function hostCommand(
  host: Host,
  ask: { prompt: string; book: string; more?: readonly string[] },
): [command: string, args: string[]] {
  const args = host === 'claude' ? claudeArgs(ask.book) : codexArgs();
  // Codex gives a server only the variables that are named, so it has to have this one itself.
  return ['env', [`MO_SCRIPT=${ask.book}`, host, ...args, ...(ask.more ?? []), ask.prompt]];
}

/** Every tool of mo may be called. */
export const approved: Record<Host, readonly string[]> = {
  claude: ['--allowedTools=mcp__mo'],
  codex: ['-c', 'mcp_servers.mo.default_tools_approval_mode="approve"'],
};

function claudeArgs(book: string): string[] {
  const mo = { command: process.execPath, args: [bundle, 'serve'], env: { MO_SCRIPT: book } };
  return [
    '-p',
    '--output-format=json',
    '--setting-sources=user',
    '--strict-mcp-config',
    `--mcp-config=${JSON.stringify({ mcpServers: { mo } })}`,
  ];
}

function codexArgs(): string[] {
  const settings = {
    command: process.execPath,
    args: [bundle, 'serve'],
    env_vars: [
      'MO_SCRIPT',
      'ANTHROPIC_API_KEY',
      'CLAUDE_CONFIG_DIR',
      'CODEX_HOME',
      'CODEX_API_KEY',
    ],
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => [
    '-c',
    `mcp_servers.mo.${key}=${JSON.stringify(value)}`,
  ]);
  return ['exec', '--json', '--disable=plugins', '--disable=apps', ...flags];
}
