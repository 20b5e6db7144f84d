import type { MoError } from '../core/problem.ts';

/** What no node is to blame for: the run stays as it is and can be resumed when the cause is mended. */
export function endsOwner(cause: MoError): boolean {
  return [
    'fenced',
    'disk-full',
    'git-locked',
    'store-corrupt',
    'store-busy',
    'store-newer',
    'workspace-unwritable',
  ].includes(cause.code);
}
