import { execa } from 'execa';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { processesIn } from './processes.ts';

const root = resolve(import.meta.dirname, '../..');

const report = z.object({
  mo: z.string(),
  node: z.string(),
  platform: z.string(),
  passed: z.boolean(),
  exit_code: z.number(),
  ms: z.number(),
  checks: z.array(
    z.strictObject({
      name: z.string(),
      title: z.string(),
      of: z.enum(['environment', 'mo']),
      ms: z.number(),
      state: z.enum(['passed', 'failed', 'left-out']),
      said: z.string(),
      fix: z.string().optional(),
      proven: z.boolean().optional(),
    }),
  ),
});

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mo-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }));
  return folder;
}

/** `mo selftest` in an empty folder with a temp folder of its own. */
async function selftest(
  options: { program?: string; env?: Record<string, string>; args?: string[] } = {},
) {
  const folder = await aFolder();
  const [project, temporary] = [join(folder, 'project'), join(folder, 'tmp')];
  await Promise.all([mkdir(project), mkdir(temporary)]);
  const program = options.program ?? join(root, 'dist/mo.mjs');
  const result = await execa(
    process.execPath,
    [program, 'selftest', ...(options.args ?? ['--json'])],
    {
      cwd: project,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, TMPDIR: temporary, ...options.env },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    },
  );
  const { exitCode, stdout, stderr } = result;
  return { exitCode, stdout, stderr, folder, project, temporary };
}

function reportOf({ stdout }: { stdout: string }): z.infer<typeof report> {
  return report.parse(JSON.parse(stdout));
}

/** A copy of the built mo in which something can be broken; better-sqlite3 is there unless `without` says so. */
async function aCopy(without?: 'addon'): Promise<string> {
  const copy = await aFolder();
  for (const part of ['dist', 'prompt-pack', 'package.json'])
    await cp(join(root, part), join(copy, part), { recursive: true });
  if (without === undefined) await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

test('selftest passes here, and leaves no file and no process', async () => {
  const said = await selftest();
  const { checks, ...facts } = reportOf(said);
  expect(checks.filter(({ state }) => state !== 'passed')).toEqual([]);
  expect(facts).toMatchObject({ passed: true, exit_code: 0 });
  expect(said.exitCode).toBe(0);
  expect(await readdir(said.project)).toEqual([]);
  expect(await readdir(said.temporary)).toEqual([]);
  expect((await readdir(said.folder)).toSorted()).toEqual(['project', 'tmp']);
  expect(await processesIn(said.folder)).toEqual([]);
});

test('without git: a cross with its fix, what rests on it left out, exit code 5', async () => {
  const bin = await aFolder();
  await symlink(process.execPath, join(bin, 'node'));
  await symlink('/bin/sh', join(bin, 'sh'));
  const said = await selftest({ env: { PATH: bin }, args: [] });
  expect(said.exitCode).toBe(5);
  expect(said.stdout).toMatch(/^✘ git .*git is not on the PATH/m);
  expect(said.stdout).toContain('→ Install git 2.38 or newer');
  expect(said.stdout).toMatch(/^– every tool, once .*needs: git/m);
  expect(said.stdout).toMatch(/1 of [0-9]+ checks failed, 4 left out/);
});

test('an addon that does not load is told with what rebuilds it', async () => {
  const copy = await aCopy('addon');
  const said = await selftest({ program: join(copy, 'dist/mo.mjs') });
  expect(said.exitCode).toBe(5);
  expect(reportOf(said).checks.find(({ name }) => name === 'addon')).toMatchObject({
    state: 'failed',
    said: expect.stringContaining('better-sqlite3'),
    fix: expect.stringContaining('npm rebuild better-sqlite3'),
  });
});

test('a server that writes what is no protocol is a fault of mo: exit code 1', async () => {
  const copy = await aCopy();
  await cp(join(copy, 'dist/mo.mjs'), join(copy, 'dist/real.mjs'));
  await writeFile(
    join(copy, 'dist/mo.mjs'),
    `process.stdout.write('Welcome!\\n'); await import('./real.mjs');`,
  );
  const said = await selftest({ program: join(copy, 'dist/real.mjs') });
  expect(said.exitCode).toBe(1);
  const { checks } = reportOf(said);
  expect(checks.find(({ name }) => name === 'mcp-handshake')).toMatchObject({
    state: 'failed',
    said: 'The server wrote what is no protocol on stdout: Welcome!',
    fix: expect.stringContaining('report'),
  });
  expect(checks.filter(({ state }) => state === 'left-out')).toHaveLength(4);
});

test('a worker that breaks off fails every check that needs one', async () => {
  const copy = await aCopy();
  await writeFile(join(copy, 'dist/scripted-worker.mjs'), 'process.exit(7);');
  const said = await selftest({ program: join(copy, 'dist/mo.mjs') });
  const { checks, exit_code } = reportOf(said);
  expect(exit_code).toBe(1);
  expect(checks.filter(({ state }) => state === 'failed').map(({ name }) => name)).toEqual(
    expect.arrayContaining(['tools', 'liars']),
  );
});

test('without a temp folder it says so, with exit code 5', async () => {
  const said = await selftest({ env: { TMPDIR: '/nonexistent' } });
  expect(said.exitCode).toBe(5);
  expect(said.stderr).toContain('/nonexistent');
});
