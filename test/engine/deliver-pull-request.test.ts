import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent, RunSpec } from '../../src/core/event.ts';
import type { LandHow } from '../../src/core/landing.ts';
import { aHouse, writer, type House } from './house.ts';
import { aForge } from './stand-in-forge.ts';

const none = { usd: null, tokens: null };

async function aRun(house: House, over: Partial<RunSpec> = {}): Promise<string> {
  const nodes = [writer('one', 'echo 1 > one.txt')];
  const runId = await house.create({ nodes, land: 'none', goal: 'Add one', budget: none, ...over });
  expect(await house.own(runId)).toBe('ended');
  expect(house.run(runId).status).toMatchObject({ outcome: 'succeeded' });
  return runId;
}

async function land(house: House, runId: string, how: LandHow, target: string | null = null) {
  house.store.sendSignal(runId, { kind: 'land', how, target });
  expect(await house.own(runId)).toBe('ended');
  const { landed, landRefused } = house.run(runId);
  return { landed, refused: landRefused };
}

const isLanded = ({ type }: RunEvent) => type === 'run.landed';

const url = 'https://github.com/acme/shop/pull/1';

test('a run lands as a pull request: its commit is pushed, the text says what was proved, no branch here moves', async () => {
  const house = await aHouse();
  const forge = await aForge(house, { tools: ['gh'] });
  const before = await house.git('rev-parse', 'main');
  const runId = await aRun(house, { land: 'pr', gates: ['test -e one.txt'] });
  const run = house.run(runId);
  const commit = run.head?.commit ?? '';
  expect(run.landed).toEqual({ how: 'pr', target: 'main', commit, url });
  expect(await forge.tipOf(`mo/${runId}`)).toBe(commit);
  expect(await house.git('rev-parse', 'main')).toBe(before);
  const [pull] = await forge.pulls();
  expect(pull).toMatchObject({ head: `mo/${runId}`, base: 'main', title: 'Add one' });
  expect(pull?.body).toContain('- `test -e one.txt`: passed');
  expect(pull?.body).toContain(`tree \`${run.verified?.tree}\``);
  expect(pull?.body).toContain(`.agent-workspace/runs/${runId}/receipt.json`);
  expect(pull?.body).toContain('- `one`, command: verified');
  expect(pull?.body).not.toContain(house.folder);
  const report = await readFile(house.store.paths.report(runId), 'utf8');
  expect(report).toContain(`- **Landed:** pull request against \`main\`: ${url}`);
});

test('asked again, the pull request that is open is found', async () => {
  const house = await aHouse();
  const forge = await aForge(house, { tools: ['gh'] });
  const runId = await aRun(house);
  expect((await land(house, runId, 'pr')).landed).toMatchObject({ url });
  expect((await land(house, runId, 'pr')).landed).toMatchObject({ url });
  const calls = await forge.calls();
  expect(calls.map(([, , what]) => what)).toEqual(['list', 'create', 'list']);
});

test('an owner that dies between push and pull request, or right after it, leaves one pull request', async () => {
  const house = await aHouse();
  const forge = await aForge(house, { tools: ['gh'] });
  const runId = await aRun(house);
  house.store.sendSignal(runId, { kind: 'land', how: 'pr', target: null });
  // It goes as soon as the branch is there, before a tool was asked.
  const log = house.engine.log;
  const death = new AbortController();
  house.engine.log = (line) => {
    log(line);
    if (line.includes('was pushed to')) death.abort();
  };
  await house.own(runId, { signal: death.signal });
  house.engine.log = log;
  expect(await forge.tipOf(`mo/${runId}`)).toBe(house.run(runId).head?.commit);
  expect(await forge.pulls()).toEqual([]);
  expect(await house.own(runId, { dies: { when: 'before', at: isLanded } })).toBe('died');
  expect(await house.own(runId)).toBe('ended');
  expect(house.run(runId).landed).toMatchObject({ how: 'pr', url });
  expect(await forge.pulls()).toHaveLength(1);
});

test('one that was opened although its answer was lost is found', async () => {
  const house = await aHouse();
  const forge = await aForge(house, { tools: ['gh'] });
  await writeFile(join(house.folder, 'gh-mode'), 'lost-answer');
  const runId = await aRun(house);
  expect((await land(house, runId, 'pr')).landed).toMatchObject({ url });
  expect(await forge.pulls()).toHaveLength(1);
});

test('without a tool the push stands, and the refusal has the command and the page', async () => {
  const house = await aHouse();
  const forge = await aForge(house, { tools: [] });
  const runId = await aRun(house, { goal: "Don't stop" });
  house.store.sendSignal(runId, { kind: 'land', how: 'pr', target: null });
  const findBinary = (name: string) =>
    name === 'gh' || name === 'glab' ? null : house.engine.findBinary(name);
  expect(await house.own(runId, { findBinary })).toBe('ended');
  const { landed, landRefused, head } = house.run(runId);
  expect(landed).toBeNull();
  expect(landRefused?.code).toBe('request-failed');
  const file = house.store.paths.pullRequest(runId);
  expect(landRefused?.message).toContain(
    `mo/${runId} is on origin, but no pull request was opened: the command gh is not on the PATH. Open it with: gh pr create --repo github.com/acme/shop --base main --head mo/${runId} --title 'Don'\\''t stop' --body-file ${file}`,
  );
  expect(landRefused?.message).toContain(`https://github.com/acme/shop/compare/main...mo/${runId}`);
  expect(await readFile(file, 'utf8')).toContain("Don't stop");
  expect(await forge.tipOf(`mo/${runId}`)).toBe(head?.commit);
});

test('a tool that is not signed in is named, and once it is the same call opens it', async () => {
  const house = await aHouse();
  await aForge(house, { tools: ['gh'] });
  await writeFile(join(house.folder, 'gh-mode'), 'signed-out');
  const runId = await aRun(house);
  const { refused } = await land(house, runId, 'pr');
  expect(refused?.message).toContain('gh auth login --hostname github.com');
  await writeFile(join(house.folder, 'gh-mode'), '');
  expect((await land(house, runId, 'pr')).landed).toMatchObject({ how: 'pr', url });
});

test('at a host whose name says nothing, the tool that is signed in there is taken', async () => {
  const house = await aHouse();
  const address = 'https://git.example.org/team/web/shop.git';
  const forge = await aForge(house, { tools: ['gh', 'glab'], address });
  await writeFile(join(house.folder, 'gh-mode'), 'signed-out');
  const runId = await aRun(house);
  const opened = 'https://git.example.org/team/web/shop/-/merge_requests/1';
  expect((await land(house, runId, 'pr')).landed).toMatchObject({ how: 'pr', url: opened });
  expect((await land(house, runId, 'pr')).landed).toMatchObject({ url: opened });
  expect(await forge.pulls()).toMatchObject([{ base: 'main', title: 'Add one', state: 'OPEN' }]);
  expect((await land(house, runId, 'rollback')).landed).toMatchObject({ how: 'rollback' });
  expect(await forge.pulls()).toMatchObject([{ state: 'CLOSED' }]);
});

test('a target that goes by another name at its upstream is named as it is there', async () => {
  const house = await aHouse();
  const forge = await aForge(house, { tools: ['gh'] });
  await house.git('push', '--quiet', 'origin', 'main:trunk');
  await house.git('branch', '--quiet', '--set-upstream-to=origin/trunk', 'main');
  const runId = await aRun(house);
  expect((await land(house, runId, 'pr')).landed).toMatchObject({ target: 'trunk' });
  expect(await forge.pulls()).toMatchObject([{ base: 'trunk' }]);
});

test('what conflicts with the target is refused before anything is pushed', async () => {
  const house = await aHouse();
  const forge = await aForge(house, { tools: ['gh'] });
  const runId = await aRun(house);
  await writeFile(join(house.repo, 'one.txt'), 'mine\n');
  await house.git('add', '-A');
  await house.git('commit', '-qm', 'mine');
  await house.git('push', '--quiet', 'origin', 'main');
  const { refused } = await land(house, runId, 'pr');
  expect(refused).toMatchObject({ code: 'merge-conflict' });
  expect(refused?.message).toContain('origin/main conflicts in one.txt');
  expect(await forge.tipOf(`mo/${runId}`)).toBeNull();
});

test('a target that went on without a conflict takes the pull request', async () => {
  const house = await aHouse();
  const forge = await aForge(house, { tools: ['gh'] });
  const runId = await aRun(house);
  await house.git('commit', '-q', '--allow-empty', '-m', 'meanwhile');
  await house.git('push', '--quiet', 'origin', 'main');
  expect((await land(house, runId, 'pr')).landed).toMatchObject({ url });
  expect(await forge.tipOf(`mo/${runId}`)).toBe(house.run(runId).head?.commit);
});

test('a target that nobody knows here is refused before anything is pushed', async () => {
  const house = await aHouse();
  const forge = await aForge(house, { tools: ['gh'] });
  const runId = await aRun(house);
  const { refused } = await land(house, runId, 'pr', 'release');
  expect(refused?.message).toContain('There is no branch "release"');
  expect(await forge.tipOf(`mo/${runId}`)).toBeNull();
});

test('a repository without a remote is told what it lacks', async () => {
  const house = await aHouse();
  const runId = await aRun(house);
  const { refused } = await land(house, runId, 'pr');
  expect(refused?.code).toBe('no-remote');
  expect(refused?.message).toContain('git remote add origin <address>');
});

test('a remote that is a folder takes no pull request, and gets nothing', async () => {
  const house = await aHouse();
  const { bare, tipOf } = await aForge(house, { tools: ['gh'] });
  await house.git('remote', 'set-url', 'origin', bare);
  const runId = await aRun(house);
  expect((await land(house, runId, 'pr')).refused).toMatchObject({ code: 'no-remote' });
  expect(await tipOf(`mo/${runId}`)).toBeNull();
});

test('commits that others put on the branch there stay, and nothing is opened', async () => {
  const house = await aHouse();
  const forge = await aForge(house, { tools: ['gh'] });
  const runId = await aRun(house);
  await house.git('switch', '-q', '--detach');
  await house.git('commit', '-q', '--allow-empty', '-m', 'theirs');
  await house.git('push', '--quiet', 'origin', `HEAD:refs/heads/mo/${runId}`);
  const theirs = await house.git('rev-parse', 'HEAD');
  expect((await land(house, runId, 'pr')).refused).toMatchObject({ code: 'push-failed' });
  expect(await forge.tipOf(`mo/${runId}`)).toBe(theirs);
  expect(await forge.calls()).toEqual([]);
});

test('a rollback closes the open pull request and leaves the branch; one that was merged it does not touch', async () => {
  const house = await aHouse();
  const forge = await aForge(house, { tools: ['gh'] });
  const runId = await aRun(house);
  await land(house, runId, 'pr');
  const pulls = await forge.pulls();
  await forge.setPulls(pulls.map((pull) => ({ ...pull, state: 'MERGED' })));
  const { refused } = await land(house, runId, 'rollback');
  expect(refused?.message).toContain(
    `its pull request was merged into main. Revert it there: ${url}`,
  );
  await forge.setPulls(pulls);
  const closed = { how: 'rollback', target: 'main', commit: null, url };
  expect((await land(house, runId, 'rollback')).landed).toEqual(closed);
  expect(await forge.pulls()).toMatchObject([{ state: 'CLOSED' }]);
  expect(await forge.tipOf(`mo/${runId}`)).toBe(house.run(runId).head?.commit);
  expect((await land(house, runId, 'rollback')).refused?.code).toBe('nothing-to-take-back');
  // Landed again it is a new one.
  expect((await land(house, runId, 'pr')).landed?.url).toBe('https://github.com/acme/shop/pull/2');
});
