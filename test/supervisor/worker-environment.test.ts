import { expect, test } from 'vitest';
import { workerEnvironment } from '../../src/supervisor/worker-environment.ts';

const nothing = { env: {}, passEnv: [], dropEnv: [] };

function build(change: Partial<Parameters<typeof workerEnvironment>[0]>) {
  return workerEnvironment({
    caller: {},
    description: nothing,
    profileEnv: {},
    attempt: {},
    ...change,
  });
}

test('a worker sees the common variables and no others', () => {
  const common = {
    PATH: '/bin',
    HOME: '/home/me',
    USER: 'me',
    LANG: 'C.UTF-8',
    LC_ALL: 'C',
    TERM: 'xterm',
    TZ: 'UTC',
    XDG_CONFIG_HOME: '/x',
    https_proxy: 'http://p',
    HTTPS_PROXY: 'http://p',
    NO_PROXY: 'localhost',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    SSL_CERT_FILE: '/ca.pem',
  };
  const secret = {
    ANTHROPIC_API_KEY: 'k',
    AWS_SECRET_ACCESS_KEY: 's',
    GITHUB_TOKEN: 't',
    SSH_AUTH_SOCK: '/agent',
    NODE_OPTIONS: '--require x',
    LD_PRELOAD: 'x.so',
    PATHS: 'x',
    MY_PATH: 'x',
  };
  expect(build({ caller: { ...common, ...secret } })).toEqual(common);
});

test('a provider lets in names and prefixes of its own, and keeps out what it drops', () => {
  const caller = {
    CLAUDE_CONFIG_DIR: '/c',
    CLAUDE_CODE_ENTRYPOINT: 'cli',
    CLAUDECODE: '1',
    KEY: 'k',
  };
  const description = {
    env: {},
    passEnv: ['CLAUDE_*', 'KEY'],
    dropEnv: ['CLAUDE_CODE_ENTRY*', 'CLAUDECODE'],
  };
  expect(build({ caller, description })).toEqual({ CLAUDE_CONFIG_DIR: '/c', KEY: 'k' });
});

test('what is dropped may still be set by the provider or the profile on purpose', () => {
  const description = { env: { A: 'provider' }, passEnv: ['A', 'B'], dropEnv: ['A', 'B'] };
  const env = build({ caller: { A: 'caller', B: 'caller' }, description, profileEnv: { B: 'p' } });
  expect(env).toEqual({ A: 'provider', B: 'p' });
});

test('the later source wins: caller, provider, profile, attempt', () => {
  const caller = { PATH: 'caller', HOME: 'caller', LANG: 'caller', TERM: 'caller' };
  const description = { ...nothing, env: { HOME: 'provider', LANG: 'provider', TERM: 'provider' } };
  const profileEnv = { LANG: 'profile', TERM: 'profile' };
  expect(build({ caller, description, profileEnv, attempt: { TERM: 'attempt' } })).toEqual({
    PATH: 'caller',
    HOME: 'provider',
    LANG: 'profile',
    TERM: 'attempt',
  });
});

test('a variable that is not set is not set to nothing', () => {
  expect(build({ caller: { PATH: undefined, HOME: '' } })).toEqual({ HOME: '' });
});
