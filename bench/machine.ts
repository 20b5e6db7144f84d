import { execFileSync } from 'node:child_process';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';

/** Where the figures come from: they mean little without it. */
export function describeMachine(root: string): string[] {
  const [cpu] = cpus();
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const isChanged =
    git('status', '--porcelain', '--', 'src', 'bench', 'scripts', 'package.json') !== '';
  return [
    `machine: ${cpus().length} x ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    `system: ${platform()} ${release()} ${arch()}, load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}`,
    `node ${process.versions.node}, ${git('--version')}`,
    `commit ${git('rev-parse', '--short=10', 'HEAD')}${isChanged ? ' with uncommitted changes' : ''}`,
  ];
}
