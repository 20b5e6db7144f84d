export type Address = { host: string; path: string; isSsh: boolean };

/** Of a repository on another machine, without who signs in there; null for a folder, and for what mo does not know. */
export function readAddress(text: string): Address | null {
  const found = withScheme.exec(text) ?? likeScp.exec(text);
  const { scheme = 'ssh', host, path } = found?.groups ?? {};
  const trimmed = path?.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '') ?? '';
  if (host === undefined || trimmed === '') return null;
  return { host: host.toLowerCase(), path: trimmed, isSsh: scheme === 'ssh' };
}

const withScheme =
  /^(?:git\+)?(?<scheme>https?|ssh|git):\/\/(?:[^@/]*@)?(?<host>[a-z0-9][\w.-]*)(?::\d+)?\/(?<path>[^?#\s]+)$/i;

/** `git@host:path`; a colon after a slash is part of a path. */
const likeScp = /^(?:[^@/:\s]+@)?(?<host>[a-z0-9][\w.-]+):(?!\/\/)(?<path>[^\s]+)$/i;
