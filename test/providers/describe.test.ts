import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Json } from '../../src/core/json.ts';
import { MoError } from '../../src/core/problem.ts';
import type { Provider, WorkerRequest } from '../../src/core/worker.ts';
import { claude } from '../../src/providers/claude/index.ts';
import { codex } from '../../src/providers/codex/index.ts';

const request: WorkerRequest = {
  folder: '/repo/tree',
  mode: 'write',
  model: null,
  effort: null,
  resume: null,
  newSession: '00000000-0000-4000-8000-000000000001',
  outputSchema: null,
  attemptFolder: '/repo/.agent-workspace/runs/r-1/nodes/a/1',
  profileEnv: {},
  maxUsd: null,
};

const schema: Json = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: { verdict: { type: 'string' }, note: { type: 'string' } },
  required: ['verdict'],
};

describe('claude', () => {
  test('a writing worker edits and runs commands unasked, in a session of our choice', () => {
    expect(claude.describe(request).args).toEqual([
      '-p',
      '--output-format',
      'stream-json',
      '--verbose',
      '--permission-mode',
      'acceptEdits',
      '--allowedTools',
      'Bash,Edit,Write,NotebookEdit,Read,Grep,Glob,WebFetch,WebSearch',
      '--disallowedTools',
      'EnterWorktree,ExitWorktree,CronCreate,ScheduleWakeup',
      '--session-id',
      request.newSession,
      '--setting-sources',
      'user',
      '--strict-mcp-config',
    ]);
  });

  test('a reading worker has no tool that writes, and no shell', () => {
    const args = claude.describe({ ...request, mode: 'read-only' }).args;
    expect(after(args, '--permission-mode')).toBe('dontAsk');
    expect(after(args, '--tools')).toBe('Read,Grep,Glob');
    expect(args.join(' ')).not.toMatch(/Bash|Edit|Write/);
  });

  test('every list of tools is followed by a flag, because it swallows what is none', () => {
    for (const mode of ['read-only', 'write'] as const) {
      const { args } = claude.describe({ ...request, mode, resume: 'abc', outputSchema: schema });
      args.forEach((arg, at) => {
        if (/tools$/i.test(arg)) expect(args[at + 2]).toMatch(/^--/);
      });
      expect(args.at(-1)).toBe('--strict-mcp-config');
    }
  });

  test('model, effort, money and session go where they are named', () => {
    const args = claude.describe({
      ...request,
      model: 'claude-opus-4-8[1m]',
      effort: 'high',
      maxUsd: 0.5,
      resume: 'abc-1',
    }).args;
    expect(after(args, '--model')).toBe('claude-opus-4-8[1m]');
    expect(after(args, '--effort')).toBe('high');
    expect(after(args, '--max-budget-usd')).toBe('0.5');
    expect(after(args, '--resume')).toBe('abc-1');
    expect(args).not.toContain('--session-id');
  });

  test('the schema goes along without its dialect', () => {
    const text = after(claude.describe({ ...request, outputSchema: schema }).args, '--json-schema');
    expect(JSON.parse(text ?? '')).toEqual({
      type: 'object',
      properties: { verdict: { type: 'string' }, note: { type: 'string' } },
      required: ['verdict'],
    });
  });

  test('a schema too long for one argument stays at home', () => {
    const outputSchema = { type: 'object', description: 'é'.repeat(60_000) };
    expect(claude.describe({ ...request, outputSchema }).args).not.toContain('--json-schema');
  });

  test('the environment of the profile wins, and the surrounding session is left behind', () => {
    const described = claude.describe({ ...request, profileEnv: { API_TIMEOUT_MS: '1' } });
    expect(described.env).toMatchObject({
      API_TIMEOUT_MS: '1',
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
    });
    expect(described.passEnv).toEqual(['ANTHROPIC_*', 'CLAUDE_*']);
    expect(described.dropEnv).toEqual(
      expect.arrayContaining(['CLAUDECODE', 'CLAUDE_CODE_ENTRYPOINT', 'CLAUDE_CODE_SESSION_ID']),
    );
  });

  test('the probe reads what the CLI says of itself', () => {
    expect(claude.probe.version('2.1.197 (Claude Code)\n')).toBe('2.1.197');
    expect(claude.probe.version('claude: command not found')).toBeNull();
    expect(signedIn(claude, 0, '{"loggedIn":true,"authMethod":"api_key"}')).toBe('yes');
    expect(signedIn(claude, 1, '{"loggedIn":false,"authMethod":"none"}')).toBe('no');
    expect(signedIn(claude, 1, 'error: unknown command')).toBe('unknown');
    const error = 'Configuration error in /home/me/.claude.json: JSON Parse error';
    expect(claude.probe.unable({ stdout: '', stderr: `\n${error}\nMore.\n` })).toBe(error);
    expect(claude.probe.unable({ stdout: '', stderr: 'unknown command' })).toBeNull();
  });
});

describe('codex', () => {
  const quiet = [
    '-c',
    'features.plugins=false',
    '-c',
    'features.apps=false',
    '-c',
    'features.unbounded_connection_retries=false',
    '-c',
    'check_for_update_on_startup=false',
    '-c',
    'analytics.enabled=false',
  ];

  test('a writing worker gets the workspace sandbox and reads its prompt from stdin', () => {
    expect(codex.describe(request).args).toEqual([
      'exec',
      '--skip-git-repo-check',
      '-C',
      '/repo/tree',
      '-s',
      'workspace-write',
      ...quiet,
      '--json',
      '-',
    ]);
  });

  test('a reading worker gets the read-only sandbox', () => {
    expect(after(codex.describe({ ...request, mode: 'read-only' }).args, '-s')).toBe('read-only');
  });

  test('what `resume` does not take stands before it', () => {
    const { args } = codex.describe({
      ...request,
      model: 'gpt-5.5',
      effort: 'high',
      resume: 'abc',
      outputSchema: schema,
    });
    expect(args.slice(args.indexOf('resume'))).toEqual(['resume', 'abc', '--json', '-']);
    expect(args.slice(0, args.indexOf('resume'))).toEqual(
      expect.arrayContaining(['-s', '-C', '-m', 'model_reasoning_effort=high', '--output-schema']),
    );
  });

  test('the schema is a file that fits the strict subset', () => {
    const { args, files } = codex.describe({ ...request, outputSchema: schema });
    expect(files.map((file) => file.path)).toEqual([after(args, '--output-schema')]);
    expect(JSON.parse(files[0]?.content ?? '')).toEqual({
      type: 'object',
      properties: {
        verdict: { type: 'string' },
        note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      },
      required: ['verdict', 'note'],
      additionalProperties: false,
    });
  });

  test('a schema outside the strict subset is not forced', () => {
    const outputSchema = { type: 'object', additionalProperties: { type: 'string' } };
    const { args, files } = codex.describe({ ...request, outputSchema });
    expect(args).not.toContain('--output-schema');
    expect(files).toEqual([]);
  });

  test('the probe reads what the CLI says of itself', () => {
    expect(codex.probe.version('codex-cli 0.169.0\n')).toBe('0.169.0');
    expect(codex.probe.version('')).toBeNull();
    expect(signedIn(codex, 0, 'Logged in using ChatGPT')).toBe('yes');
    expect(codex.probe.signedIn({ exitCode: 1, stdout: '', stderr: 'Not logged in' })).toBe('no');
    expect(signedIn(codex, 1, 'Error loading config.toml')).toBe('unknown');
    const loading = 'Error loading configuration: /home/me/config.toml:1:15: invalid type';
    expect(codex.probe.unable({ stdout: '', stderr: `WARNING: a\n${loading}\n` })).toBe(loading);
    expect(codex.probe.unable({ stdout: '', stderr: 'Not logged in' })).toBeNull();
  });
});

test("a profile with a key of its own talks to nobody with the caller's, nor as the user's settings say", () => {
  const profileEnv = { ANTHROPIC_BASE_URL: 'https://models.example', ANTHROPIC_AUTH_TOKEN: 'k' };
  const { args, dropEnv } = claude.describe({ ...request, profileEnv });
  expect(after(args, '--setting-sources')).toBe('');
  expect(dropEnv).toContain('ANTHROPIC_API_KEY');
  const plain = claude.describe(request);
  expect(after(plain.args, '--setting-sources')).toBe('user');
  expect(plain.dropEnv).not.toContain('ANTHROPIC_API_KEY');
});

test('what a profile sets in the configuration of Codex goes before everything else there', () => {
  const { args, dropEnv } = codex.describe({
    ...request,
    profileEnv: { MO_PROFILE_KEY: 'k' },
    profileConfig: { 'model_providers.x.name': 'a "b"' },
  });
  expect(args).toContain('model_providers.x.name="a \\"b\\""');
  expect(dropEnv).toContain('OPENAI_API_KEY');
  expect(codex.describe(request).dropEnv).not.toContain('OPENAI_API_KEY');
});

describe.each<readonly [string, Provider]>([
  ['claude', claude],
  ['codex', codex],
])('%s', (_, provider) => {
  test.each(['--dangerously-skip-permissions', '-c', '', 'a b', 'x\ny', 'a'.repeat(300)])(
    'takes %j for no model, effort or session',
    (value) => {
      for (const name of ['model', 'effort', 'resume']) {
        expect(() => provider.describe({ ...request, [name]: value })).toThrow(MoError);
      }
    },
  );

  test('no prompt and no secret of the profile is on the command line', () => {
    const { args } = provider.describe({ ...request, profileEnv: { KEY: 'hidden-value' } });
    expect(z.array(z.string()).parse(args).join(' ')).not.toContain('hidden-value');
  });
});

function signedIn(provider: Provider, exitCode: number, stdout: string): string {
  return provider.probe.signedIn({ exitCode, stdout, stderr: '' });
}

function after(args: readonly string[], flag: string): string | undefined {
  return args[args.indexOf(flag) + 1];
}
