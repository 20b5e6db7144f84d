import type { Environment } from '../platform/environment.ts';

/** What a gate command sees, beside what any command does. */
export function commandEnvironment(env: Environment, temp: string): Environment {
  return {
    ...withoutKeys(env),
    TMPDIR: temp,
    TMP: temp,
    TEMP: temp,
    CI: '1',
    NO_COLOR: '1',
  };
}

/**
 * Of the caller's environment: enough to find tools and reach a package registry, no keys. A command that runs in a tree of workers may run
 * what they wrote, so a variable it does not see is one that it cannot print.
 */
export function withoutKeys(env: Environment): Environment {
  const passed = Object.entries(env).filter(([name]) => isPassed(name));
  return { LANG: 'C.UTF-8', ...Object.fromEntries(passed) };
}

const names = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TERM',
  'TZ',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'JAVA_HOME',
  'MAVEN_HOME',
  'GRADLE_HOME',
  'GRADLE_USER_HOME',
  'GOPATH',
  'GOROOT',
  'GOCACHE',
  'GOMODCACHE',
  'GOFLAGS',
  'GOPROXY',
  'CARGO_HOME',
  'RUSTUP_HOME',
  'RUSTUP_TOOLCHAIN',
  'NVM_DIR',
  'NVM_BIN',
  'VOLTA_HOME',
  'FNM_DIR',
  'PNPM_HOME',
  'BUN_INSTALL',
  'DENO_DIR',
  'PYENV_ROOT',
  'VIRTUAL_ENV',
  'CONDA_PREFIX',
  'GEM_HOME',
  'GEM_PATH',
  'RBENV_ROOT',
  'DOTNET_ROOT',
  'ANDROID_HOME',
  'ANDROID_SDK_ROOT',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'PKG_CONFIG_PATH',
]);

function isPassed(name: string): boolean {
  return names.has(name.toUpperCase()) || name.startsWith('LC_') || name.startsWith('XDG_');
}
