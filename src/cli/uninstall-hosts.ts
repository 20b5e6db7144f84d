import type {
  Uninstallation,
  UninstalledHost,
  UninstallWish,
} from '../operations/uninstall-hosts.ts';
import { redact } from '../core/redact.ts';
import { homeFolder } from '../platform/data-folder.ts';
import type { CommandCall } from './command-call.ts';
import { alone, diffLines, isWanted, shortPath } from './install-hosts.ts';

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
      const shown = { home, withDiff: false };
      call.terminal.out(planned.hosts.flatMap((host) => hostLines(host, shown)).join('\n'));
      if (!(await isWanted(call))) {
        call.terminal.out('Nothing was changed.');
        return 0;
      }
    }
  }
  const done = await operation.uninstallHosts(call.context, wish);
  if (call.json) {
    call.terminal.out(JSON.stringify({ ...done, hosts: done.hosts.map(hostObject) }, null, 2));
    return 0;
  }
  const home = homeFolder(call.context.env);
  const kept = done.hosts.some(({ parts }) => parts.some((part) => markOf(part).isKept));
  call.terminal.out(
    [
      ...done.hosts.flatMap((host) => hostLines(host, { home, withDiff: wish.dryRun })),
      ...done.elsewhere.map(
        (at) =>
          `${at} belongs to another configuration. Set CLAUDE_CONFIG_DIR or CODEX_HOME as it was then, and run it again.`,
      ),
      ...(done.hosts.length + done.elsewhere.length === 0 ? nothingLines(done.others) : []),
      ...(kept ? ['What was edited stays. Delete it too with: mo uninstall --force'] : []),
      ...(wish.dryRun ? ['Nothing was changed.'] : []),
    ].join('\n'),
  );
  return 0;
}

function nothingLines(others: Uninstallation['others']): string[] {
  if (others.length === 0) return ['mo is in no host: there is nothing to take out.'];
  return [
    'There is nothing to take out there. Where mo is:',
    ...others.map(
      ({ title, scope, at }) =>
        `  ${title}, ${scope === 'project' ? `project ${at}` : 'for you'}: --scope ${scope}`,
    ),
  ];
}

function hostLines(
  { title, parts }: UninstalledHost,
  { home, withDiff }: { home: string; withDiff: boolean },
): string[] {
  return [
    title,
    ...parts.flatMap((part) => {
      const { sign, said } = markOf(part);
      const diff = withDiff && 'will' in part ? part.diff : null;
      return [
        `  ${sign} ${shortPath(part.path, home)}  ${part.kind}: ${said}`,
        ...(diff === null ? [] : diffLines(diff)),
      ];
    }),
  ];
}

type Part = UninstalledHost['parts'][number];
type Mark = { sign: '-' | '~' | '='; said: string; isKept: boolean };

function markOf(part: Part): Mark {
  const outcome = 'will' in part ? part.will : part.how;
  return { ...marks[outcome], isKept: outcome === 'kept' || outcome === 'keep' };
}

const marks = {
  restored: { sign: '-', said: 'as it was before' },
  'taken out': { sign: '-', said: "changed by others since, so only what is mo's was taken out" },
  kept: { sign: '=', said: 'edited since, so it stays' },
  shared: { sign: '=', said: 'still used by another installation' },
  delete: { sign: '-', said: 'will be deleted' },
  change: { sign: '~', said: 'will be changed back' },
  leave: { sign: '=', said: "holds nothing of mo's" },
  keep: { sign: '=', said: 'edited since, so it stays' },
  share: { sign: '=', said: 'still used by another installation' },
} as const;

function hostObject({ parts, ...host }: UninstalledHost): object {
  return {
    ...host,
    parts: parts.map((part) =>
      'will' in part && part.diff !== null ? { ...part, diff: redact(part.diff) } : part,
    ),
  };
}
