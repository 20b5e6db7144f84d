import { EventEmitter, once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { processesIn } from '../processes.ts';
import { final } from '../rig.ts';
import { installedClis, notInstalled } from './installed-clis.ts';
import { brokenSlug, slugCheck, teamFiles } from './team-files.ts';
import { teamScript, type TeamWish } from './scripts.ts';
import { makeTeamRig, type TeamRig } from './team-rig.ts';

const clis = installedClis();
if (clis === null) process.stderr.write(`${notInstalled}\n`);

const goal = 'Add the modules slug and initials, each with a test.';
const team = ['--planner', 'claude', '--worker', 'codex', '--reviewer', 'claude'];
const flags = [...team, '--gate', 'node --test', '--yes', '--json'];

let rig: TeamRig;
let wish: TeamWish;

describe.skipIf(clis === null)('Claude Code plans and reviews, Codex implements', () => {
  beforeEach(async () => {
    wish = { flaw: 'none' };
    rig = await makeTeamRig(clis ?? '', (request) => teamScript(wish)(request));
  });

  afterEach(() => rig.end());

  test('a goal becomes two parallel nodes, passes the gates and lands', async () => {
    const said = await rig.mo('do', goal, ...flags);
    const end = final(said);
    expect(said.exitCode).toBe(0);
    expect(end).toMatchObject({ state: 'succeeded', cycles: 1, target: 'main' });
    expect(statesOf(end.nodes)).toEqual({
      plan: ['verified', 1, 'claude'],
      slug: ['verified', 1, 'codex'],
      initials: ['verified', 1, 'codex'],
      review: ['verified', 1, 'claude'],
    });
    for (const files of Object.values(teamFiles)) {
      for (const [path, text] of Object.entries(files)) {
        expect(`${await rig.git('show', `main:${path}`)}\n`).toBe(text);
      }
    }
    expect((await rig.run('node', ['--test'])).exitCode).toBe(0);
    expect(await rig.git('status', '--porcelain')).toBe('');
    expect(end.spend).toMatchObject({ input: 10_000, output: 500 });
    expect(await processesIn(rig.folder, end.run_id)).toEqual([]);
  });

  test('both workers are at work at the same time', async () => {
    const arrived = new Set<string>();
    const doors = new EventEmitter();
    const both = once(doors, 'both');
    // Neither answer comes before the other node has asked too.
    wish = {
      flaw: 'none',
      hold: async (node) => {
        arrived.add(node);
        if (arrived.size === 2) doors.emit('both');
        await both;
      },
    };
    expect(final(await rig.mo('do', goal, ...flags)).state).toBe('succeeded');
  });

  test('a node that fails its gate is told why and repaired', async () => {
    wish = { flaw: 'gate' };
    const end = final(await rig.mo('do', goal, ...flags));
    expect(end.state).toBe('succeeded');
    expect(statesOf(end.nodes)['slug']).toEqual(['verified', 2, 'codex']);
    const second = rig.openai.requests.find(({ prompt }) => prompt.includes('# This is attempt 2'));
    expect(second?.prompt).toContain('words become one lowercase slug');
    const landed = await rig.git('show', 'main:src/slug.js');
    expect(`${landed}\n`).not.toBe(brokenSlug);
    expect(landed).toContain(slugCheck);
  });

  test('what the reviewer finds is mended before anything lands', async () => {
    wish = { flaw: 'review' };
    const end = final(await rig.mo('do', goal, ...flags));
    expect(end).toMatchObject({ state: 'succeeded', cycles: 2 });
    expect(statesOf(end.nodes)).toMatchObject({
      'fix-1-1': ['verified', 1, 'codex'],
      'review-2': ['verified', 1, 'claude'],
    });
    expect(await rig.git('show', 'main:src/slug.js')).toContain(slugCheck);
  });

  test('stop in mid-work leaves no process and keeps what is finished', async () => {
    wish = { flaw: 'none', endless: ['slug'] };
    const runId = await start();
    await rig.until(runId, ({ lines }) => lines.some((line) => /slug .*sleep 1/.test(line)));
    expect((await processesIn(rig.folder, runId)).length).toBeGreaterThan(1);
    expect((await rig.mo('stop', runId, '--json')).exitCode).toBe(0);
    await rig.until(runId, ({ state }) => state === 'stopped');
    expect(await processesIn(rig.folder, runId)).toEqual([]);
    expect(await rig.git('log', '--oneline', 'main')).not.toContain('slug');
  });

  test('kill -9 of the owner in mid-work loses nothing: the worker goes on and ran once', async () => {
    const doors = new EventEmitter();
    const isHeld = once(doors, 'held');
    const isFree = once(doors, 'free');
    wish = {
      flaw: 'none',
      hold: async (node) => {
        if (node !== 'slug') return;
        doors.emit('held');
        await isFree;
      },
    };
    const runId = await start();
    await isHeld;
    const epochs = (await rig.ownerLog(runId)).matchAll(/epoch \d+: pid (\d+)/g);
    process.kill(Number([...epochs].at(-1)?.[1]), 'SIGKILL');
    const over = rig.until(runId, ({ state }) => state === 'succeeded');
    doors.emit('free');
    await over;
    expect(await rig.ownerLog(runId)).toContain('slug attempt 1: adopted');
    const beginnings = rig.openai.requests.filter(
      ({ prompt, results }) => prompt.includes('one node, `slug`') && results.length === 0,
    );
    expect(beginnings).toHaveLength(1);
    expect(await rig.git('show', 'main:src/slug.js')).toContain(slugCheck);
  });
});

async function start(): Promise<string> {
  const said = await rig.mo('do', goal, ...flags, '--detach');
  return z.looseObject({ run_id: z.string() }).parse(said.json).run_id;
}

function statesOf(
  nodes: ReturnType<typeof final>['nodes'],
): Record<string, [string, number, unknown]> {
  return Object.fromEntries(
    nodes.map(({ name, state, attempts, route }) => {
      const declared = z.looseObject({ provider: z.string() }).safeParse(route.declared);
      return [name, [state, attempts, declared.data?.provider ?? null]];
    }),
  );
}
