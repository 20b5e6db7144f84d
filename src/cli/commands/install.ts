import { Option } from 'commander';
import { z } from 'zod';
import { installHosts } from '../install-hosts.ts';
import { runCommandCall } from '../command-call.ts';
import { hostName, hostOption } from '../host-options.ts';
import type { RegisterCommand } from '../cli-deps.ts';
import { names } from '../names.ts';

const flags = z.object({
  host: hostName,
  scope: z.enum(['user', 'project']),
  mode: z.enum(['direct', 'plugin']),
  command: z.enum(['node', 'npx', 'global']).optional(),
  approve: z.array(z.string()).default([]),
  snippet: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  yes: z.boolean().default(false),
  force: z.boolean().default(false),
});

export const install: RegisterCommand = (program, host) => {
  const command = program
    .command('install')
    .summary('put mo into Claude Code and Codex')
    .description(
      'Put mo into Claude Code and Codex: the MCP server, and the skill that /orchestrate and $orchestrate call. Shows what it would write, keeps a copy of every file it changes, and asks the host whether it reaches mo. A second time it changes nothing.',
    )
    .addOption(hostOption('which one (all: every one that is here)'))
    .addOption(
      new Option('--scope <scope>', 'for you, or for everybody who has this project')
        .choices(['user', 'project'])
        .default('user'),
    )
    .addOption(
      new Option('--mode <mode>', 'a server and a skill, or a plugin that holds both')
        .choices(['direct', 'plugin'])
        .default('direct'),
    )
    .addOption(
      new Option(
        '--command <kind>',
        'how the host starts mo: this Node and this script, npx, or the `mo` on the PATH (default: node; npx in files of a project)',
      ).choices(['node', 'npx', 'global']),
    )
    .addOption(
      new Option(
        '--approve <tools>',
        'let these tools run unasked, such as run,workflow_run',
      ).argParser(names),
    )
    .option('--snippet', 'also name mo in CLAUDE.md or AGENTS.md, between marks')
    .option('--dry-run', 'show every file and what would change in it, and stop')
    .option('-y, --yes', 'do not ask')
    .option('--force', 'replace a server named mo and a skill that are not from mo, or were edited')
    .action(async () => {
      const wish = flags.parse(command.optsWithGlobals());
      await runCommandCall(command, host, (call) =>
        installHosts(call, { ...wish, command: wish.command ?? null }),
      );
    });
};
