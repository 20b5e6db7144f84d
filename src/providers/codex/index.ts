import { join } from 'node:path';
import { strictSchema } from '../../core/strict-schema.ts';
import type { ProcessDescription, Provider, WorkerRequest } from '../../core/worker.ts';
import { safeArgument } from '../safe-argument.ts';
import { resumedThread } from './memory.ts';
import { codexParser } from './parse.ts';

/** Codex, through `codex exec`. Verified with 0.169.0. */
export const codex: Provider = {
  name: 'codex',
  vendor: 'openai',
  binary: 'codex',
  install: 'npm install --global @openai/codex',
  abilities: {
    resume: true,
    steer: false,
    structuredOutput: true,
    readOnly: true,
    usage: 'end',
    money: false,
    quota: false,
    sandbox: true,
    commands: true,
  },
  describe,
  parser: codexParser,
  resumedMemory: resumedThread,
  probe: {
    versionArgs: ['--version'],
    version: (stdout) => /^codex-cli (\d+\.\d+\.\d+\S*)/.exec(stdout.trim())?.[1] ?? null,
    authArgs: ['login', 'status'],
    // It knows its own login only: keys in the environment, of its own or of a configured provider, work without one.
    signedIn: ({ exitCode, stdout, stderr }) => {
      if (exitCode === 0) return 'yes';
      return /not logged in/i.test(stdout + stderr) ? 'no' : 'unknown';
    },
    unable: ({ stderr }) => /^Error loading config.*$/m.exec(stderr)?.[0] ?? null,
    // OPENAI_API_KEY alone is not used (recorded).
    keyEnv: ['CODEX_API_KEY'],
  },
};

function describe(request: WorkerRequest): ProcessDescription {
  const schema = request.outputSchema === null ? null : strictSchema(request.outputSchema);
  const schemaFile = join(request.attemptFolder, 'output-schema.json');
  return {
    command: 'codex',
    args: [
      'exec',
      '--skip-git-repo-check',
      '-C',
      request.folder,
      '-s',
      request.mode === 'write' ? 'workspace-write' : 'read-only',
      ...quiet,
      ...configFlags(request.profileConfig ?? {}),
      ...(request.model === null ? [] : ['-m', safeArgument('model', request.model)]),
      ...(request.effort === null
        ? []
        : ['-c', `model_reasoning_effort=${safeArgument('effort', request.effort)}`]),
      ...(schema === null ? [] : ['--output-schema', schemaFile]),
      // `resume` lacks most of these flags and forgets those of the session, so they all stand before it.
      ...(request.resume === null ? [] : ['resume', safeArgument('session', request.resume)]),
      '--json',
      '-',
    ],
    env: { ...request.profileEnv },
    passEnv: ['OPENAI_*', 'CODEX_*'],
    dropEnv: keys.some((name) => name in request.profileEnv)
      ? [...surroundingSession, ...callersKeys]
      : surroundingSession,
    files: schema === null ? [] : [{ path: schemaFile, content: JSON.stringify(schema) }],
  };
}

/** A value is TOML, whose plain strings are written as those of JSON. */
function configFlags(config: Readonly<Record<string, string>>): string[] {
  return Object.entries(config).flatMap(([name, value]) => [
    '-c',
    `${name}=${JSON.stringify(value)}`,
  ]);
}

/** What a profile brings its own key in. */
const keys = ['CODEX_API_KEY', 'MO_PROFILE_KEY'] as const;

/** They would go to whoever such a profile talks to. */
const callersKeys = [
  'CODEX_API_KEY',
  'CODEX_ACCESS_TOKEN',
  'OPENAI_API_KEY',
  'OPENAI_BASE_URL',
] as const;

/**
 * No plugin catalogue fetched at the start, no update check, no analytics, and an end to waiting for a network that is not there.
 * As settings, because `--disable` of a feature that a version does not have ends it at once (0.118.0, 0.142.5, 0.169.0).
 */
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
] as const;

/** What a Codex around us sets for the shells it starts. */
const surroundingSession = [
  'CODEX_THREAD_ID',
  'CODEX_CI',
  'CODEX_SANDBOX',
  'CODEX_SANDBOX_NETWORK_DISABLED',
] as const;
