import type { ProcessDescription } from '../core/worker.ts';
import type { Environment } from '../platform/environment.ts';

/** What every worker may see of the caller's environment. A name, or a prefix ending in `*`. No agent sockets: they sign for the user. */
const common = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'LC_*',
  'TERM',
  'COLORTERM',
  'TZ',
  'XDG_*',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'all_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
] as const;

/** The whole environment of a worker; later sources win: the caller's (as far as allowed), the provider's, the profile's, the attempt's own. */
export function workerEnvironment(sources: {
  caller: Environment;
  description: Pick<ProcessDescription, 'env' | 'passEnv' | 'dropEnv'>;
  profileEnv: Readonly<Record<string, string>>;
  attempt: Readonly<Record<string, string>>;
}): Record<string, string> {
  const { caller, description, profileEnv, attempt } = sources;
  const allowed = [...common, ...description.passEnv];
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(caller)) {
    if (value === undefined || !isListed(name, allowed) || isListed(name, description.dropEnv)) {
      continue;
    }
    passed[name] = value;
  }
  return { ...passed, ...description.env, ...profileEnv, ...attempt };
}

function isListed(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
}
