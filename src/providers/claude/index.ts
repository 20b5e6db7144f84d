import type { Json } from '../../core/json.ts';
import type { ProcessDescription, Provider, WorkerRequest } from '../../core/worker.ts';
import { readFields } from '../fields.ts';
import { safeArgument } from '../safe-argument.ts';
import { claudeParser } from './parse.ts';

const keys = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN'] as const;

/** Claude Code, headless. Verified with 2.1.197 and 2.1.329. */
export const claude: Provider = {
  name: 'claude',
  vendor: 'anthropic',
  binary: 'claude',
  install: 'npm install --global @anthropic-ai/claude-code',
  abilities: {
    resume: true,
    steer: false,
    structuredOutput: true,
    readOnly: true,
    usage: 'end',
    money: true,
    quota: true,
    sandbox: false,
    commands: true,
  },
  describe,
  parser: claudeParser,
  probe: {
    versionArgs: ['--version'],
    version: (stdout) => /^(\d+\.\d+\.\d+\S*) \(Claude Code\)/.exec(stdout.trim())?.[1] ?? null,
    authArgs: ['auth', 'status'],
    signedIn: ({ stdout }) => {
      const loggedIn = readFields(stdout)?.['loggedIn'];
      if (typeof loggedIn !== 'boolean') return 'unknown';
      return loggedIn ? 'yes' : 'no';
    },
    unable: ({ stderr }) => /^Configuration error in .*$/m.exec(stderr)?.[0] ?? null,
    keyEnv: keys,
  },
};

function describe(request: WorkerRequest): ProcessDescription {
  return {
    command: 'claude',
    args: [
      '-p',
      '--output-format',
      'stream-json',
      '--verbose',
      ...(request.mode === 'write' ? writeMode : readOnlyMode),
      ...(request.resume === null
        ? ['--session-id', request.newSession]
        : ['--resume', safeArgument('session', request.resume)]),
      ...(request.model === null ? [] : ['--model', safeArgument('model', request.model)]),
      ...(request.effort === null ? [] : ['--effort', safeArgument('effort', request.effort)]),
      ...(request.maxUsd === null ? [] : ['--max-budget-usd', String(request.maxUsd)]),
      ...schemaFlag(request.outputSchema),
      // The repository is untrusted: without these its hooks run and its MCP servers start, unasked.
      '--setting-sources',
      // What the user's settings say of address and key would win over the environment (2.1.329).
      hasAccount(request.profileEnv) ? '' : 'user',
      '--strict-mcp-config',
    ],
    env: { ...environment, ...request.profileEnv },
    passEnv: ['ANTHROPIC_*', 'CLAUDE_*'],
    dropEnv: hasKey(request.profileEnv) ? [...surroundingSession, ...keys] : surroundingSession,
    files: [],
  };
}

/** A profile with a key of its own: the caller's would go to whoever it talks to. */
function hasKey(env: WorkerRequest['profileEnv']): boolean {
  return keys.some((name) => name in env);
}

function hasAccount(env: WorkerRequest['profileEnv']): boolean {
  return hasKey(env) || 'ANTHROPIC_BASE_URL' in env;
}

/**
 * Edits in its folder and any shell command, unasked: the worktree is its own, and gates judge what comes out. Bypassing permissions
 * instead is refused for root, and would let edits out of the folder. Tools that move the work elsewhere or put it off are taken away.
 * Lists of tools swallow what follows them, so a flag always does.
 */
const writeMode = [
  '--permission-mode',
  'acceptEdits',
  '--allowedTools',
  'Bash,Edit,Write,NotebookEdit,Read,Grep,Glob,WebFetch,WebSearch',
  '--disallowedTools',
  'EnterWorktree,ExitWorktree,CronCreate,ScheduleWakeup',
] as const;

/**
 * Only tools that cannot write exist, so no rule in the user's settings can let one through, and what is not allowed is denied. Plan
 * mode will not do: in 2.1.197 an allowed shell writes in it. Nor will taking away the edit tools: a shell still writes.
 */
const readOnlyMode = [
  '--permission-mode',
  'dontAsk',
  '--tools',
  'Read,Grep,Glob',
  '--allowedTools',
  'Read,Grep,Glob,StructuredOutput',
] as const;

/** The schema has to go on the command line, where one argument holds at most 128 KiB; a greater one is left to the handoff gate. */
function schemaFlag(schema: Json | null): string[] {
  if (schema === null) return [];
  const text = JSON.stringify(withoutDialect(schema));
  return Buffer.byteLength(text) > 100_000 ? [] : ['--json-schema', text];
}

/** Naming a dialect the CLI's validator does not know would make it refuse the schema. */
function withoutDialect(schema: Json): Json {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema;
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== '$schema'));
}

/**
 * No traffic but the model's, nothing left running in the background, and failures soon enough for mo to route around them: by
 * default ten retries take three minutes and a request without an answer ten, ten times over.
 */
const environment = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_AUTOUPDATER: '1',
  DISABLE_TELEMETRY: '1',
  DISABLE_ERROR_REPORTING: '1',
  CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
  CLAUDE_CODE_MAX_RETRIES: '4',
  API_TIMEOUT_MS: '300000',
} as const;

/** What a Claude Code around us sets for its children: markers of its session, not settings of the user. */
const surroundingSession = [
  'CLAUDECODE',
  'CLAUDE_CODE_ENTRYPOINT',
  'CLAUDE_CODE_SESSION_ID',
  'CLAUDE_CODE_CHILD_SESSION',
  'CLAUDE_CODE_EXECPATH',
  'CLAUDE_CODE_SSE_PORT',
  'CLAUDE_PROJECT_DIR',
  'CLAUDE_ENV_FILE',
  'CLAUDE_EFFORT',
  'AI_AGENT',
] as const;
