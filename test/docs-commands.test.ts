import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { blocksOf, commandLines, pages, root, wordsOf } from './doc-pages.ts';

type Sample = { folder: string; runId: string; env: Record<string, string> };

test('what the pages tell a reader to look at runs as it is printed, in the repository of the tour', async () => {
  const sample = await theTour();
  const lines = new Set(
    pages
      .flatMap(commandLines)
      .map(({ line }) => line)
      .filter((line) => onlyLooks(wordsOf(line).slice(1)) && !ofAnotherRun.includes(line)),
  );
  expect(lines.size).toBeGreaterThan(40);
  const failures: string[] = [];
  for (const line of lines) {
    const said = await type(asOf(sample, checkOf(line)), sample);
    if (!expectedExits(line).includes(said.exitCode ?? -1) || said.stdout + said.stderr === '')
      failures.push(`${line}: exit code ${said.exitCode}\n${said.stdout}\n${said.stderr}`);
  }
  expect(failures).toEqual([]);
}, 600_000);

/** What several nodes of a run without changes hand over; the run of the tour has changes. */
const ofAnotherRun = ['mo output r-7 --part handoff'];

/** A workflow that a page starts is at least checked, with its inputs. */
function checkOf(line: string): string {
  if (!line.startsWith('mo workflow run ')) return line;
  const source = /^mo workflow run ((?:--recipe )?[\w.-]+(?: --inputs '[^']*')?)/.exec(line);
  return `mo workflow check ${source?.[1] ?? line}`;
}

/** Whether a command line starts no worker, writes nothing of a project's own and asks nobody. */
function onlyLooks([first = '', ...rest]: readonly string[]): boolean {
  switch (first) {
    case 'health':
    case 'doctor':
    case 'route':
    case 'list':
    case 'usage':
    case 'prompts':
    case 'output':
      return true;
    case 'handoff':
      return rest[0] !== '-';
    case 'poll':
      return rest.includes('--wait-s');
    case 'project':
      return !rest.includes('--no-dry-run');
    case 'workflow':
      return rest[0] === 'check' || rest[0] === 'run';
    case 'verify':
      return rest[0] === '--receipt' || rest.length === 1;
    case 'bulk':
    case 'install':
    case 'uninstall':
      return rest.includes('--dry-run');
    default:
      return rest.includes('--help');
  }
}

/** No agent is on the PATH here, and these say so. */
function expectedExits(line: string): number[] {
  return /^mo (health|doctor|route)\b/.test(line) ? [0, 5] : [0];
}

/** The pages speak of a run 7 and of files a reader has; the tour made a run 1. */
function asOf({ runId }: Sample, line: string): string {
  return line.replaceAll('r-7-add-jwt', runId).replaceAll(/\br-7\b/g, 'r-1');
}

function type(line: string, { folder, env }: Sample) {
  return execa('/bin/sh', ['-c', line], {
    cwd: folder,
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
}

/** `mo demo --folder mo-demo`, as README says, and the files that the pages name. */
async function theTour(): Promise<Sample> {
  const place = await realpath(await mkdtemp(join(tmpdir(), 'mo-docs-')));
  onTestFinished(() => rm(place, { recursive: true, force: true }));
  const [home, bin] = [join(place, 'home'), join(place, 'bin')];
  for (const folder of [home, bin, join(home, '.claude'), join(home, '.codex')])
    await mkdir(folder);
  await writeFile(
    join(bin, 'mo'),
    `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'dist', 'mo.mjs')}" "$@"\n`,
    { mode: 0o755 },
  );
  await symlink(process.execPath, join(bin, 'node'));
  const { stdout: git } = await execa('/bin/sh', ['-c', 'command -v git']);
  await symlink(git, join(bin, 'git'));
  const env = { PATH: bin, HOME: home, LANG: 'C.UTF-8', NO_COLOR: '1' };

  const demo = await execa(join(bin, 'mo'), ['demo', '--folder', 'mo-demo'], {
    cwd: place,
    env,
    extendEnv: false,
  });
  expect(demo.stdout).toContain('every node is verified, and so is the whole');
  const folder = join(place, 'mo-demo');
  await writeFile(join(folder, 'refactor.yaml'), firstWorkflow());
  await writeFile(join(folder, 'pages.csv'), 'path,lang\ndocs/api.md,de\n');
  await writeFile(join(folder, 'src', 'cart.ts'), 'export const cart = [];\n');
  const asAuthor = ['-c', 'user.name=Reader', '-c', 'user.email=reader@example.com'];
  await execa('git', ['add', '-A'], { cwd: folder });
  await execa('git', [...asAuthor, 'commit', '-qm', 'What the pages name'], { cwd: folder });
  const [runId = ''] = await readdir(join(folder, '.agent-workspace', 'runs'));
  return { folder, runId, env };
}

function firstWorkflow(): string {
  return blocksOf(join(root, 'docs', 'workflow-files.md'), 'yaml')[0]?.text ?? '';
}
