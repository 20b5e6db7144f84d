import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommand, type CommandResult } from '../../src/platform/process.ts';
import { demoNodes } from '../../src/selftest/demo-plan.ts';
import { demoGates, demoScript } from '../../src/selftest/demo-script.ts';
import { sampleFiles } from '../../src/selftest/sample-files.ts';
import { makeSampleRepository } from '../../src/selftest/sample-repository.ts';
import { runWorker, type WorkerOutput } from './worker-process.ts';

let home = '';
let sample = '';

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mo-'));
  sample = join(home, 'sample');
  await makeSampleRepository(sample);
  await writeFile(join(home, 'script.json'), JSON.stringify(demoScript, withoutPauses));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
});

const planned: [string, { needs: readonly string[]; paths: readonly string[] }][] =
  Object.entries(demoNodes);
const nodes = new Map(planned);

function withoutPauses(key: string, value: unknown): unknown {
  return key === 'ms' ? 0 : value;
}

function command(file: string, ...args: string[]): Promise<CommandResult> {
  const env = { PATH: process.env['PATH'], HOME: home };
  return runCommand(file, args, { cwd: sample, env });
}

async function gatesPass(): Promise<boolean> {
  for (const gate of demoGates) {
    const result = await command('sh', '-c', gate);
    if (result.exitCode !== 0) return false;
  }
  return true;
}

function attempt(node: string, number: number): Promise<WorkerOutput> {
  return runWorker({
    folder: sample,
    prompt: 'Do your part.',
    args: ['--structured', ...(node === 'plan' ? ['--read-only'] : [])],
    env: {
      MO_SCRIPT: join(home, 'script.json'),
      MO_NODE: node,
      MO_ATTEMPT_NO: String(number),
    },
  });
}

/** The last attempt of a node, after all its needs. */
async function build(node: string, done = new Set<string>()): Promise<void> {
  if (done.has(node)) return;
  done.add(node);
  for (const need of nodes.get(node)?.needs ?? []) await build(need, done);
  expect((await attempt(node, 9)).conclusion.class).toBe('done');
}

async function changedFiles(): Promise<string[]> {
  const { stdout } = await command('git', 'status', '--porcelain', '--untracked-files=all', '-z');
  return stdout
    .split('\0')
    .filter(Boolean)
    .map((line) => line.slice(3))
    .toSorted();
}

describe('the sample repository', () => {
  test('is one commit on main with nothing left over, and its tests pass', async () => {
    expect((await command('git', 'log', '--format=%an %s', 'main')).stdout.trim()).toBe(
      'mo sample Todos, lists and comments over HTTP',
    );
    expect((await command('git', 'ls-files')).stdout.trim().split('\n')).toEqual(
      Object.keys(sampleFiles).toSorted(),
    );
    expect(await changedFiles()).toEqual([]);
    expect(await gatesPass()).toBe(true);
  });

  test('takes any body, so there is something for the demo to do', async () => {
    await writeFile(
      join(sample, 'test/open.test.js'),
      "import { test } from 'node:test';\nimport { startApp } from '../support/start-app.js';\n" +
        "import assert from 'node:assert';\ntest('open', async (context) => { const app = await startApp(context);\n" +
        "assert.equal((await app.post('/todos', {})).status, 201); });\n",
    );
    expect(await gatesPass()).toBe(true);
  });

  test('stays its own repository inside a git command of another one', async () => {
    const inner = join(home, 'inner');
    process.env['GIT_DIR'] = join(sample, '.git');
    try {
      await makeSampleRepository(inner);
    } finally {
      delete process.env['GIT_DIR'];
    }
    expect((await command('git', 'rev-list', '--count', '--all')).stdout.trim()).toBe('1');
    const { stdout } = await command('git', '-C', inner, 'rev-list', '--count', '--all');
    expect(stdout.trim()).toBe('1');
  });

  test('a sample that is there already is not made a second time', async () => {
    await expect(makeSampleRepository(sample)).rejects.toMatchObject({ code: 'bad-input' });
    expect((await command('git', 'rev-list', '--count', '--all')).stdout.trim()).toBe('1');
  });

  test('a test that fails ends, and so do all tests with it', async () => {
    await writeFile(
      join(sample, 'src/store.js'),
      `${sampleFiles['src/store.js']}`.replace('id: lastId', 'id: 7'),
    );
    const results = await Promise.all(
      ['support/all-tests.js', 'test/todos.test.js'].map((file) => command('node', '--test', file)),
    );
    expect(results.map(({ exitCode }) => exitCode)).toEqual([1, 1]);
  });

  test('a test that never ends is told of and ended', async () => {
    await writeFile(
      join(sample, 'test/hangs.test.js'),
      'import { test } from "node:test";\ntest("hangs", () => new Promise(() => setInterval(() => {}, 1000)));\n',
    );
    const result = await command('/bin/sh', '-c', 'TEST_LIMIT_MS=200 node support/all-tests.js');
    expect(result).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('did not end') });
  });
});

describe('the demo', () => {
  test('the planner answers with at least six nodes whose paths do not overlap', async () => {
    const { conclusion } = await attempt('plan', 1);
    expect(conclusion.structured).toMatchObject({
      status: 'pass',
      nodes: planned.map(([name, { needs }]) => ({ name, needs })),
    });
    expect(planned.length).toBeGreaterThanOrEqual(6);
    const paths = planned.flatMap(([, node]) => node.paths);
    expect(new Set(paths).size).toBe(paths.length);
  });

  test.each([...nodes.keys()])(
    'the gates pass with the work of %s and what it needs, and only its paths change',
    async (node) => {
      const done = new Set<string>();
      await build(node, done);
      expect(await gatesPass()).toBe(true);
      expect(await changedFiles()).toEqual(
        [...done].flatMap((name) => nodes.get(name)?.paths ?? []).toSorted(),
      );
    },
  );

  test('the gates pass with all of it together', async () => {
    const done = new Set<string>();
    for (const node of nodes.keys()) await build(node, done);
    expect(await gatesPass()).toBe(true);
  });

  test('the validator claims success at first, its gate finds it wrong, the second attempt mends it', async () => {
    const first = await attempt('validator', 1);
    expect(first.conclusion).toMatchObject({ class: 'done', structured: { status: 'pass' } });
    expect(await gatesPass()).toBe(false);
    await attempt('validator', 2);
    expect(await gatesPass()).toBe(true);
  });

  test('the first worker of errors dies half way', async () => {
    const { conclusion } = await attempt('errors', 1);
    expect(conclusion).toMatchObject({ class: 'crashed', signal: 'SIGKILL' });
  });

  test.each(['review', 'review-2'])('%s accepts', async (node) => {
    const { conclusion } = await attempt(node, 1);
    expect(conclusion.structured).toMatchObject({ status: 'pass' });
  });
});
