import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WorkerRequest } from '../../src/core/worker.ts';
import { findBinary } from '../../src/platform/find-binary.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { scripted } from '../../src/providers/scripted/index.ts';
import { promptWith, runWorker } from './worker-process.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mo-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
});

function request(changes: Partial<WorkerRequest>): WorkerRequest {
  return {
    folder,
    mode: 'write',
    model: null,
    effort: null,
    resume: null,
    newSession: 'new-session',
    outputSchema: null,
    attemptFolder: folder,
    profileEnv: {},
    maxUsd: null,
    ...changes,
  };
}

test('what the provider describes, the worker understands', async () => {
  const { args } = scripted.describe(
    request({ mode: 'read-only', model: 'm-1', outputSchema: {}, maxUsd: 1.5 }),
  );
  const prompt = promptWith([
    { do: 'write', path: 'a.txt', text: '' },
    { do: 'usage', usd: 2, input: 0, cached: 0, output: 0 },
  ]);
  const output = await runWorker({ folder: '/', prompt, args });
  expect(output.events[0]).toEqual({ type: 'session', session: 'new-session', model: 'm-1' });
  expect(output.events[1]).toMatchObject({ type: 'denied' });
  expect(output.conclusion.class).toBe('budget');
});

test('a resumed session keeps its id', async () => {
  const { args } = scripted.describe(request({ resume: 'old-session' }));
  const output = await runWorker({ folder, prompt: 'Go on.', args });
  expect(output.conclusion.session).toBe('old-session');
});

test('the probe reads the version of mo', async () => {
  const [file = '', ...prefix] = findBinary(scripted.binary, {}) ?? [];
  const stdout = execFileSync(file, [...prefix, ...scripted.probe.versionArgs]).toString();
  const manifest: unknown = JSON.parse(await readFile(join(packageRoot(), 'package.json'), 'utf8'));
  expect(manifest).toMatchObject({ version: scripted.probe.version(stdout) });
});

test('the probe takes nothing else for a version', () => {
  expect(scripted.probe.version('command not found\n1.0')).toBeNull();
});

test('a command is found on the PATH, first folder first, only when it can be run', async () => {
  for (const name of ['one', 'two', 'three']) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'tool'), '#!/bin/sh\n');
  }
  await mkdir(join(folder, 'zero', 'tool'), { recursive: true });
  await chmod(join(folder, 'two', 'tool'), 0o755);
  await chmod(join(folder, 'three', 'tool'), 0o755);
  const path = ['zero', 'one', 'two', 'three'].map((name) => join(folder, name)).join(':');
  expect(findBinary('tool', { PATH: path })).toEqual([join(folder, 'two', 'tool')]);
  expect(findBinary(join(folder, 'three', 'tool'), {})).toEqual([join(folder, 'three', 'tool')]);
  expect(findBinary('other', { PATH: path })).toBeNull();
  expect(findBinary('../three/tool', { PATH: join(folder, 'two') })).toBeNull();
  expect(findBinary('tool', {})).toBeNull();
});
