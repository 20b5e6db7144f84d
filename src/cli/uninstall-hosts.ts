import type { UninstalledHost, UninstallWish } from '../operations/uninstall-hosts.ts';
import { homeFolder } from '../platform/data-folder.ts';
import type { CommandCall } from './command-call.ts';
import { alone, isWanted, shortPath } from './install-hosts.ts';

type Wish = UninstallWish & { yes: boolean };

/** Shows what would be taken out and asks where somebody can be asked, takes it out, and says what became of each part. */
export async function uninstallHosts(call: CommandCall, wish: Wish): Promise<number> {
  return alone(call, { command: 'mo uninstall', dryRun: wish.dryRun }, () =>
    uninstallAlone(call, wish),
  );
}

async function uninstallAlone(call: CommandCall, wish: Wish): Promise<number> {
  const operation = await import('../operations/uninstall-hosts.ts');
  if (!wish.dryRun && !wish.yes && !call.json && call.terminal.canAsk) {
    const planned = await operation.uninstallHosts(call.context, { ...wish, dryRun: true });
    const home = homeFolder(call.context.env);
    if (planned.hosts.length > 0) {
      call.terminal.out(planned.hosts.flatMap((host) => hostLines(host, home)).join('\n'));
      if (!(await isWanted(call))) {
        call.terminal.out('Nothing was changed.');
        return 0;
      }
    }
  }
  const done = await operation.uninstallHosts(call.context, wish);
  if (call.json) {
    call.terminal.out(JSON.stringify(done, null, 2));
    return 0;
  }
  const home = homeFolder(call.context.env);
  const kept = done.hosts.some(({ parts }) => parts.some(({ how }) => how === 'kept'));
  call.terminal.out(
    [
      ...done.hosts.flatMap((host) => hostLines(host, home)),
      ...done.elsewhere.map(
        (at) =>
          `${at} belongs to another configuration. Set CLAUDE_CONFIG_DIR or CODEX_HOME as it was then, and run it again.`,
      ),
      ...(done.hosts.length + done.elsewhere.length === 0
        ? ['mo is in no host: there is nothing to take out.']
        : []),
      ...(kept ? ['What was edited stays. Delete it too with: mo uninstall --force'] : []),
      ...(wish.dryRun ? ['Nothing was changed.'] : []),
    ].join('\n'),
  );
  return 0;
}

function hostLines({ title, parts }: UninstalledHost, home: string): string[] {
  return [
    title,
    ...parts.map(
      ({ kind, path, how }) =>
        `  ${how === 'kept' || how === 'shared' ? '=' : '-'} ${shortPath(path, home)}  ${kind}${how === null ? '' : `: ${said[how]}`}`,
    ),
  ];
}

const said = {
  restored: 'as it was before',
  'taken out': "changed by others since, so only what is mo's was taken out",
  kept: 'edited since, so it stays',
  shared: 'still used by another installation',
} as const;
