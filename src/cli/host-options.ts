import { Option } from 'commander';
import { z } from 'zod';

const hosts = ['claude', 'codex', 'all'] as const;
export const hostName = z.enum(hosts);

export function hostOption(text: string): Option {
  return new Option('--host <name>', text).choices(hosts).default('all');
}

/** What the commands take that change what has been installed. */
export const installedFlags = z
  .object({
    host: hostName,
    scope: z.enum(['user', 'project']).optional(),
    dryRun: z.boolean().default(false),
    yes: z.boolean().default(false),
    force: z.boolean().default(false),
  })
  .transform(({ scope, ...wish }) => ({ ...wish, scope: scope ?? null }));

export function installedScopeOption(): Option {
  const text = 'only what is for you, or only what is in projects';
  return new Option('--scope <scope>', text).choices(['user', 'project']);
}
