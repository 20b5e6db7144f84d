import { Option } from 'commander';
import { z } from 'zod';
import { toolsets } from '../../operations/operation.ts';
import type { RegisterCommand } from '../cli-deps.ts';
import { names } from '../names.ts';

const flags = z.object({
  cwd: z.string().optional(),
  toolsets: z.array(z.string()).optional(),
  readOnly: z.boolean().optional(),
  exclude: z.array(z.string()).optional(),
});

export const serve: RegisterCommand = (program, host) => {
  const command = program
    .command('serve')
    .summary('serve MCP over stdio, for Claude Code, Codex and other hosts')
    .description('Serve MCP over stdio. Hosts start this; runs go on when it ends.')
    .addOption(
      new Option('--toolsets <names>', `only these, of ${toolsets.join(',')}`).argParser(names),
    )
    .option('--read-only', 'only tools that change nothing')
    .addOption(new Option('--exclude <tools>', 'without these tools').argParser(names))
    .action(async () => {
      const wish = flags.parse(command.optsWithGlobals());
      await host.shell(command).serve({
        folder: wish.cwd ?? null,
        toolsets: wish.toolsets ?? toolsets,
        readOnly: wish.readOnly ?? false,
        exclude: wish.exclude ?? [],
      });
    });
};
