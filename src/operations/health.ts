import { z } from 'zod';
import { defineOperation } from './operation.ts';

const provider = z.object({
  name: z.string(),
  vendor: z.string(),
  path: z.string().nullable(),
  version: z.string().nullable(),
  signed_in: z.enum(['yes', 'no', 'unknown']),
  abilities: z.array(z.string()),
  lane: z.string(),
  usable: z.boolean(),
});

export const healthOutput = z.object({
  mo: z.string(),
  node: z.string(),
  git: z.string().nullable(),
  project: z.string(),
  repository: z.boolean(),
  workspace: z.enum(['writable', 'unwritable']),
  providers: z.array(provider),
  problems: z.array(z.object({ what: z.string(), fix: z.string() })),
  next: z.string(),
});

export const health = defineOperation({
  name: 'health',
  title: 'Show which agents are ready',
  summary:
    'Which coding agents (Claude Code, Codex) are installed, their versions, whether they are signed in, and every problem with its fix. Call it once first.',
  kind: 'read',
  toolset: 'core',
  searchHint: 'doctor, setup, available models',
  input: z.strictObject({}),
  output: healthOutput,
  run: async (_input, context) => (await import('./read-health.ts')).readHealth(context),
  render: ({ providers, problems, next, ...facts }) =>
    [
      `${providers.filter(({ usable }) => usable).length} of ${providers.length} agents ready, ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`,
      `mo ${facts.mo}, Node ${facts.node}, git ${facts.git ?? 'missing'}`,
      `project ${facts.project}${facts.repository ? '' : ' (not a git repository)'}, workspace ${facts.workspace}`,
      ...providers.map(
        (one) =>
          `${one.usable ? '✓' : '✗'} ${one.name} ${one.version ?? ''} ${one.path ?? 'not found'} · signed in: ${one.signed_in} · lane ${one.lane}`,
      ),
      ...problems.map(({ what, fix }) => `! ${what} ${fix}`),
      next,
    ].join('\n'),
  exitCode: ({ providers }) => (providers.some(({ usable }) => usable) ? 0 : 5),
});
