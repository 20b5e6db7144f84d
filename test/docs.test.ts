import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { CommanderError, type Command } from 'commander';
import { expect, onTestFinished, test } from 'vitest';
import { programOf } from '../src/cli/main.ts';
import { openTerminal } from '../src/cli/terminal.ts';
import { roles } from '../src/core/names.ts';
import { exitCodes } from '../src/core/problem.ts';
import { settings } from '../src/core/settings.ts';
import type { WorkflowError } from '../src/core/problem.ts';
import { loadSettings } from '../src/platform/config.ts';
import { loadWorkflow } from '../src/workflow/load.ts';
import { writeOut } from '../src/workflow/write-out.ts';
import { blocksOf, commandLines, commandsInProse, pages, root, wordsOf } from './doc-pages.ts';

test('docs/tools.md, docs/handoffs.md, the table of docs/settings.md and schema/workflow.json are what the code says', async () => {
  const run = promisify(execFile);
  const script = join(root, 'scripts', 'docs.mjs');
  await expect(
    run(process.execPath, ['--import', 'tsx', script, '--check'], { cwd: root }),
  ).resolves.toMatchObject({ stderr: '' });
});

test('every relative link of README, docs and skill leads to a file, and to a heading where it names one', () => {
  expect(pages.flatMap(deadLinks)).toEqual([]);
});

test('every mo line of README, docs and skill names a command and flags that exist', () => {
  const program = programOfMo();
  const lines = pages.flatMap((page) => [...commandLines(page), ...commandsInProse(page)]);
  expect(lines.length).toBeGreaterThan(20);
  expect(
    lines.flatMap(({ place, line }) => {
      const problem = problemOf(program, wordsOf(line).slice(1));
      return problem === null ? [] : [`${place}: ${line}: ${problem}`];
    }),
  ).toEqual([]);
});

test('a command line that is wrong would be seen', () => {
  const program = programOfMo();
  expect(problemOf(program, ['lnad', 'r-7'])).toContain('lnad');
  expect(problemOf(program, ['land', 'r-7', '--sideways'])).toContain('--sideways');
  expect(problemOf(program, ['workflow', 'chek', 'x.yaml'])).toContain('chek');
});

test('every workflow in the docs is one that mo takes', async () => {
  const texts = pages
    .flatMap((page) => blocksOf(page, 'yaml'))
    .filter(({ text }) => /^nodes:/m.test(text));
  expect(texts.length).toBeGreaterThan(0);
  const errors: WorkflowError[] = [];
  for (const { text, place } of texts) {
    const plain = text.includes('for_each') ? writeOut(text, { modules: ['a', 'b'] }) : { text };
    const loaded = 'errors' in plain ? plain : await loadWorkflow(plain.text, place);
    if ('errors' in loaded) errors.push(...loaded.errors);
  }
  expect(errors).toEqual([]);
});

test('docs/settings.md says of every key what it means', () => {
  const page = readFileSync(join(root, 'docs', 'settings.md'), 'utf8');
  for (const key of Object.keys(settings.shape)) expect(page).toContain(`\`${key}`);
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows.filter((row) => row.endsWith('|  |'))).toEqual([]);
});

test('every mo.yaml in docs/settings.md is one that mo takes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mo-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const examples = blocksOf(join(root, 'docs', 'settings.md'), 'yaml');
  expect(examples.length).toBeGreaterThan(0);
  for (const { text } of examples) {
    await writeFile(join(folder, 'mo.yaml'), text);
    const { untrusted } = await loadSettings({ root: folder, env: { HOME: folder } });
    expect(untrusted?.commands).toContain('npm test');
  }
});

test('docs/troubleshooting.md tells every problem with its exit code, and none that is not there', () => {
  const page = readFileSync(join(root, 'docs', 'troubleshooting.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (\d+) \| \S.* \| \S.* \|$/gm)];
  const told = rows.map(([, code = '', exit]): [string, number] => [code, Number(exit)]);
  expect(Object.fromEntries(told)).toEqual(exitCodes);
});

test('docs/README.md leads to every page, and docs/adr/README.md to every decision', () => {
  for (const folder of [join(root, 'docs'), join(root, 'docs', 'adr')]) {
    const index = readFileSync(join(folder, 'README.md'), 'utf8');
    const others = readdirSync(folder).filter(
      (file) => file.endsWith('.md') && file !== 'README.md',
    );
    expect(others.filter((file) => !index.includes(`](${file})`))).toEqual([]);
  }
});

test('docs/workflow-files.md names every role', () => {
  const page = readFileSync(join(root, 'docs', 'workflow-files.md'), 'utf8');
  for (const role of roles) expect(page).toContain(`\`${role}\``);
});

function programOfMo(): Command {
  const deps = {
    version: '0.0.0-test',
    isDebugging: false,
    terminal: { ...openTerminal({ NO_COLOR: '1' }), out: () => undefined, err: () => undefined },
    contextOf: () => Promise.reject(new Error('nothing runs here')),
    serve: () => Promise.reject(new Error('nothing runs here')),
  };
  return programOf(deps, { exitCode: 0 });
}

/** What mo would say to this command line, as far as names, flags and choices go; null: nothing. */
function problemOf(program: Command, words: readonly string[]): string | null {
  let command = program;
  const rest = [...words];
  while (command.commands.length > 0 && rest[0]?.startsWith('-') === false) {
    const found = command.commands.find(
      (one) => one.name() === rest[0] || one.aliases().includes(rest[0] ?? ''),
    );
    // `mo project status` is a word for `project`, `mo project apply` another command.
    if (found === undefined && command.registeredArguments.length > 0) break;
    if (found === undefined) return `there is no command ${rest[0]}`;
    command = found;
    rest.shift();
  }
  try {
    const { operands, unknown } = command.parseOptions(rest);
    const stranger = program.parseOptions(unknown).unknown[0];
    if (stranger !== undefined) return `there is no flag ${stranger}`;
    const most = command.registeredArguments.some((one) => one.variadic)
      ? Number.POSITIVE_INFINITY
      : command.registeredArguments.length;
    return operands.length > most ? `too many words: ${operands.join(' ')}` : null;
  } catch (error) {
    if (error instanceof CommanderError) return error.message;
    throw error;
  }
}

function deadLinks(page: string): string[] {
  const text = withoutCode(readFileSync(page, 'utf8'));
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => !leadsSomewhere(page, target))
    .map((target) => `${relative(root, page)}: ${target}`);
}

function leadsSomewhere(page: string, target: string): boolean {
  const [path = '', heading] = target.split('#');
  const file = path === '' ? page : resolve(dirname(page), path);
  if (!existsSync(file)) return false;
  return heading === undefined || headingsOf(file).includes(heading);
}

/** The anchors that hosts of Markdown give to headings. */
function headingsOf(file: string): string[] {
  const text = withoutCode(readFileSync(file, 'utf8'));
  return [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '');
}
