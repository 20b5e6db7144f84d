import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, expect, test } from 'vitest';
import { programOf, runCli } from '../../src/cli/main.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { MoError } from '../../src/core/problem.ts';
import { providers } from '../../src/providers/providers.ts';
import { bareContext } from '../mcp/bare-context.ts';

type Said = { exitCode: number; out: string; err: string };

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function mo(...argv: string[]): Promise<Said> {
  const said = { out: '', err: '' };
  const terminal = terminalOf(said);
  const exitCode = await runCli(argv, {
    version: '1.2.3',
    terminal,
    contextOf: async (call) => {
      if (call.folder === '/missing') {
        throw new MoError({ code: 'folder-missing', folder: call.folder });
      }
      return {
        ...bareContext({ ...call, surface: 'cli' }),
        storeIfAny: async () => null,
        settings: async () => ({ settings: {}, untrusted: null }),
        providers: async () => providers,
        ...(call.folder === null ? {} : { folder: call.folder }),
      };
    },
    serve: async (wish) => void (said.out += `${JSON.stringify(wish)}\n`),
  });
  return { exitCode, ...said };
}

function terminalOf(said: { out: string; err: string }): Terminal {
  return {
    out: (text) => void (said.out += `${text.trimEnd()}\n`),
    err: (text) => void (said.err += `${text.trimEnd()}\n`),
    isLive: false,
    canAsk: false,
    hasColor: false,
    width: () => 100,
    height: () => 40,
    ask: async () => null,
  };
}

test('help names every command and what the exit codes mean', async () => {
  const { exitCode, out } = await mo('--help');
  expect(exitCode).toBe(0);
  for (const word of [
    'do',
    'watch',
    'resume',
    'list',
    'demo',
    'install',
    'uninstall',
    'doctor',
    'update',
    'serve',
    'trust',
    'health',
    'poll',
  ]) {
    expect(out).toMatch(new RegExp(`^  ${word}\\b`, 'm'));
  }
  expect(out).toContain('3 waits for a person');
});

test('the version is printed and is a success', async () => {
  expect(await mo('--version')).toEqual({ exitCode: 0, out: '1.2.3\n', err: '' });
});

test('a command derived from an operation has its fields as flags', async () => {
  const { out } = await mo('poll', '--help');
  expect(out).toContain('[run-id]');
  expect(out).toContain('--wait-s <number>');
  expect(out).toContain('--cwd <folder>');
});

test('every argument and flag of every command says what it is', () => {
  const program = programOf(
    { version: '1', terminal: terminalOf({ out: '', err: '' }), contextOf: none, serve: none },
    { exitCode: 0 },
  );
  const silent = allOf(program).flatMap((command) => [
    ...command.options
      .filter((one) => !one.hidden && /^(?:\(|$)/.test(one.description))
      .map((one) => `${command.name()} ${one.flags}`),
    ...command.registeredArguments
      .filter((one) => ['', 'the same as its flag'].includes(one.description))
      .map((one) => `${command.name()} ${one.name()}`),
  ]);
  expect(silent).toEqual([]);
});

function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allOf)];
}

async function none(): Promise<never> {
  throw new Error('nothing is run here');
}

test('workflow_check is the command `workflow check`', async () => {
  const { out, exitCode } = await mo('workflow', 'check', '--help');
  expect(exitCode).toBe(0);
  expect(out).toContain('--mode <choice>');
});

test.each([
  [['wacth'], "Unknown command 'wacth'. Did you mean watch?"],
  [['poll', '--wait', '3'], "Unknown option '--wait'. Did you mean --wait-s?"],
  [['poll', '--detail', 'everything'], 'summary, nodes, events'],
  [['stop'], '<run-id> is missing: mo stop <run-id>.'],
  [['workflow', 'control'], '<action> is missing: mo workflow control <run-id> <action> [node].'],
  [['poll', 'r-1', '--wait-s', 'soon'], '--wait-s'],
  [['run', 'x', '--budget', '5'], 'Write --budget-usd 5.'],
  [['run', 'x', '--scope', 'src/**'], "Write --scope-allow 'src/**'."],
  [['workflow', 'run', '--inputs', 'goal=g'], `Write --inputs '{"goal":"g"}'.`],
  [['do'], "missing required argument 'goal'"],
  [['do', 'x', '--max-cycles', 'many'], 'whole number'],
  [['do', 'x', '--land', 'sea'], 'branch, merge, pr, none'],
])('%j is wrong use: exit code 2, and the message names what to mend', async (argv, named) => {
  const { exitCode, err, out } = await mo(...argv);
  expect(exitCode).toBe(2);
  expect(err.startsWith('mo: ')).toBe(true);
  expect(err.toLowerCase()).toContain(named.toLowerCase());
  expect(out).toBe('');
});

test.each([
  ['a folder with something in it', '.', 'is not empty'],
  ['a file', 'README.md', 'is a file'],
  ['a folder below a file', 'README.md/demo', 'is a file'],
])('the demo is not made in %s, and nothing is touched', async (_, path, named) => {
  const folder = await mkdtemp(join(tmpdir(), 'mo-demo-'));
  folders.push(folder);
  await writeFile(join(folder, 'README.md'), 'mine\n');
  const { exitCode, err } = await mo('demo', '--folder', join(folder, path));
  expect({ exitCode, err }).toMatchObject({ exitCode: 2, err: expect.stringContaining(named) });
  expect(err).toContain('Name a new one');
  expect(await readdir(folder)).toEqual(['README.md']);
  expect(await readFile(join(folder, 'README.md'), 'utf8')).toBe('mine\n');
});

test('a folder that does not exist is named', async () => {
  const { exitCode, err } = await mo('list', '--cwd', '/missing');
  expect({ exitCode, err }).toEqual({
    exitCode: 2,
    err: 'mo: There is no folder /missing. Give an existing one with --cwd.\n',
  });
});

test('a run that does not exist is named, with how to find the right one', async () => {
  const { exitCode, err } = await mo('watch', 'r-99');
  expect(exitCode).toBe(2);
  expect(err).toBe('mo: There is no run r-99. `mo list` shows all of them.\n');
});

test('a project without a workspace lists nothing and stays as it is', async () => {
  expect(await mo('list')).toMatchObject({ exitCode: 0, err: '' });
  expect(JSON.parse((await mo('list', '--json')).out)).toEqual({ runs: [] });
});

test('--json prints what a tool would answer as data, and nothing else', async () => {
  const { out, err } = await mo('--json', 'poll');
  expect(err).toBe('');
  expect(JSON.parse(out)).toEqual({
    state: 'idle',
    changed: false,
    cursor: '0',
    next: 'No run is active. Start one with run {task} or workflow_run {recipe: "do", inputs: {goal: "…"}}',
  });
});

test('toolsets and tools to leave out may be given one by one', async () => {
  const flags = '--toolsets core,governance --toolsets workflow --exclude run --exclude land';
  expect(JSON.parse((await mo('serve', ...flags.split(' '))).out)).toMatchObject({
    toolsets: ['core', 'governance', 'workflow'],
    exclude: ['run', 'land'],
  });
  expect(JSON.parse((await mo('serve', '--toolsets', '')).out)).toMatchObject({ toolsets: [] });
});

test('global flags count before and after the command', async () => {
  expect((await mo('poll', '--json')).out).toBe((await mo('--json', 'poll')).out);
});

test('a workflow with mistakes is answered with each of them and exit code 2', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mo-'));
  folders.push(folder);
  await writeFile(join(folder, 'w.yaml'), 'version: 1\nname: x\nnodes:\n  a:\n    taks: hello\n');
  const { exitCode, out } = await mo('workflow', 'check', 'w.yaml', '--cwd', folder);
  expect(exitCode).toBe(2);
  expect(out).toContain('5:');
  expect(out).toContain('Did you mean task?');
});
