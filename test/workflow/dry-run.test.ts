import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GateSpec, NodeSpec } from '../../src/core/node.ts';
import { scopesOverlap } from '../../src/core/scope.ts';
import { downstreamOf, layersOf } from '../../src/core/graph.ts';
import { dryRun } from '../../src/workflow/dry-run.ts';
import { renderDryRun } from '../../src/workflow/dry-run-text.ts';
import type { ItemsNow } from '../../src/workflow/items-now.ts';
import type { TrackRecord } from '../../src/core/track-record.ts';
import { newNode, usualDefaults } from '../../src/workflow/new-node.ts';
import type { Whole } from '../../src/workflow/whole.ts';
import { recipeDo } from './recipe-do.ts';
import { aWorker } from '../core/build.ts';

test('a dry run reads like a table', () => {
  const nodes = [
    reader('analyse'),
    writer('api', ['src/api/**'], 'analyse'),
    writer('docs', ['docs/**', 'src/api/README.md'], 'analyse'),
    newNode(
      { name: 'build', kind: 'command', role: 'automation', task: 'make', needs: ['api', 'docs'] },
      usualDefaults,
    ),
  ];
  expect(renderDryRun(dryRun(nodes, { concurrency: 4 }))).toBe(
    `4 nodes in 3 batches, at most 4 at once.
Longest chain: 4 nodes, at most 1h with one attempt each.

  1  analyse  requirements    reads
  2  api      implementation  writes src/api/**       after analyse
  2  docs     implementation  writes docs/**, src/a…  after analyse
  3  build    command         runs                    after api, docs

1  ●  analyse
2  ●  api, docs
3  ■  build

● agent   ■ command

Not at the same time, because their scopes overlap:
  api  and  docs

No two workers can ever be at work at the same time: one worker with the whole
goal would do.`,
  );
});

test('gates, maps, approvals and conditions say what they ask and what comes of it', () => {
  const item = writer('item', ['${file}']);
  const nodes = [
    writer('api', ['src/**']),
    special('quality', {
      kind: 'gate',
      needs: ['api'],
      passWhen: ['api.status == "pass"', 'api.blocking_count == 0'],
      onFail: { retry: 'api', maxRetries: 2 },
    }),
    special('each', {
      kind: 'map',
      needs: ['quality'],
      when: 'quality.status == "pass"',
      map: {
        over: 'files("src/**/*.ts")',
        as: 'file',
        batch: 5,
        concurrency: 16,
        limit: null,
        sample: 20,
        item: { ...item, kind: 'agent', role: 'documentation' },
      },
    }),
    special('accept', { kind: 'approval', task: 'Release this?', needs: ['each'] }),
  ];
  const text = renderDryRun(dryRun(nodes, { concurrency: 4 }));
  expect(text).toContain(`  2  quality  gate            checks         after api
       passes when api.status == "pass"
       passes when api.blocking_count == 0
       else sends api back, at most 2 times
  3  each     map             adds items     after quality
       only when quality.status == "pass"
       over files("src/**/*.ts") as file, a sample of 20
       5 items a worker, at most 16 at once: documentation, writes \${file}
  4  accept   approval        asks           after each
       asks: Release this?`);
});

test('what a result is held to is told in full, and so is what counts for the whole', () => {
  const scope = { allow: ['src/**'], deny: ['.env*', 'src/keys/**'], maxDiffLines: 800 };
  const held = { scope, gates: [gateOf('npm test'), gateOf('npm run lint -- --max-warnings 0')] };
  const nodes = [
    { ...writer('api', []), ...held, budget: { usd: 2, tokens: null } },
    special('build', { needs: ['api'], gates: [gateOf('test -d dist')] }),
  ];
  const textOf = (whole: Whole): string =>
    renderDryRun(dryRun(nodes, { concurrency: 4, whole }), 60);
  const whole = { gates: ['npm test'], budget: { usd: 3, tokens: 5_000_000 } };
  const text = textOf({ ...whole, land: 'branch' });
  expect(text).toContain(`
The whole must pass npm test · budget $3 and 5000000 tokens
· lands: branch
`);
  expect(text).toContain(`
       not .env*, src/keys/**, at most 800 changed lines, at
       most $2 an attempt
       must pass npm test, npm run lint -- --max-warnings 0
  2  build`);
  expect(text).toContain(`
       must pass test -d dist
`);
  expect(textOf({ gates: [], budget: { usd: null, tokens: null }, land: 'none' })).toContain(
    'No command has to pass for the whole · no budget',
  );
});

test('who would do what comes with the reason, and the reviewer is of another vendor', () => {
  const nodes = [writer('api', ['src/**']), reviewer('look', 'api')];
  const run = dryRun(nodes, { concurrency: 4, surroundings });
  expect(renderDryRun(run)).toContain(`Who, why, and what an attempt took before:
  implementation: claude, writes: first provider that can do it
    no data
  review: codex, reads only: another vendor than the one that wrote (claude)
    no data`);
  expect(run.advice.join()).toContain('another pair of eyes: claude, codex');
});

test('the estimate is the sum of what is known, and says what is not', () => {
  const nodes = [writer('a', ['a']), writer('b', ['b'], 'a'), reviewer('look', 'b')];
  const record: TrackRecord = {
    role: 'implementation',
    route: { provider: 'claude', profile: null, model: null, effort: null, mode: 'write' },
    attempts: 12,
    ms: { median: 180_000, p80: 300_000 },
    usd: { median: 0.4, p80: 0.9 },
  };
  const text = renderDryRun(dryRun(nodes, { concurrency: 4, surroundings, records: [record] }));
  expect(text).toContain(`  implementation (2): claude, writes: first provider that can do it
    $0.40 (80 %: $0.90), 3m (80 %: 5m), from 12 attempts`);
  expect(text)
    .toContain(`Estimate, if every node needs one attempt, from 12 attempts in this project:
  money: $0.80 (80 %: $1.80); no data for 1 worker
  time: 6m (80 %: 10m) for the longest chain (2 nodes)
  not in it: retries`);
  expect(renderDryRun(dryRun(nodes, { concurrency: 4, surroundings }))).toContain(
    'Estimate: no data.',
  );
});

test('the items of a map that are known are told, and counted in the estimate', () => {
  const item = { ...writer('item', ['${file}']), kind: 'agent' as const };
  const map = { over: 'x', as: 'file', batch: 1, concurrency: 2, limit: null, sample: null, item };
  const nodes = [special('each', { kind: 'map', map })];
  const made = (...allow: string[]): NodeSpec[] =>
    allow.map((path, index) => ({
      ...writer(`each-${index + 1}`, [path]),
      items: [`no ${index}`],
    }));
  const record: TrackRecord = {
    role: 'implementation',
    route: { provider: 'claude', profile: null, model: null, effort: null, mode: 'write' },
    attempts: 12,
    ms: { median: 60_000, p80: 120_000 },
    usd: { median: 0.5, p80: 1 },
  };
  const textOf = (items: ItemsNow): string =>
    renderDryRun(
      dryRun(nodes, {
        concurrency: 4,
        surroundings,
        records: [record],
        items: new Map([['each', items]]),
      }),
    );
  const apart = textOf({ kind: 'known', nodes: made('a', 'b', 'c') });
  expect(apart).toContain('3 items now: no 0, no 1, no 2');
  expect(apart).toContain('Longest chain: 1 node, at most 30m with one attempt each');
  expect(apart).toContain('money: $1.50 (80 %: $3.00)');
  expect(apart).toContain('time: 2m (80 %: 4m)');
  expect(apart).toContain('not in it: retries');
  const inRow = textOf({ kind: 'known', nodes: made('a', 'a/**', 'a') });
  expect(inRow).toContain('one after another: all may change the same files');
  expect(inRow).toContain('time: 3m (80 %: 6m)');
  const some = textOf({ kind: 'known', nodes: made('a', 'b', 'b/x') });
  expect(some).toContain('not all at once: no 1 and no 2 may change the same files');
  expect(textOf({ kind: 'known', nodes: [] })).toContain('0 items now');
  const later = textOf({ kind: 'later', after: ['scan', 'look'] });
  expect(later).toContain('its items are known when scan and look are done');
  expect(later).toContain('Estimate: no data.');
  expect(textOf({ kind: 'later', after: [] })).toContain('known when the run has started');
});

test('one worker is advised exactly when no two of several agents can be at work at once', () => {
  const graphs = fc.array(fc.tuple(fc.boolean(), fc.array(fc.nat(), { maxLength: 3 })), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(graphs, (parts) => {
      const nodes = parts.map(([isAgent, needs], index) => {
        const all = index === 0 ? [] : [...new Set(needs.map((need) => `n${need % index}`))];
        return isAgent ? reader(`n${index}`, ...all) : special(`n${index}`, { needs: all });
      });
      const agents = nodes.filter((node) => node.kind === 'agent');
      const isWide = agents.some((left, index) =>
        agents.slice(index + 1).some((right) => !isOrdered(nodes, left, right)),
      );
      const wanted = isWide || agents.length < 2 ? 0 : 1;
      expect(dryRun(nodes, { concurrency: 4 }).advice).toHaveLength(wanted);
    }),
  );
});

test('writers that are ordered by needs do not overlap, however far apart', () => {
  const nodes = [writer('a', ['src/**']), reader('b', 'a'), writer('c', ['src/x.ts'], 'b')];
  expect(dryRun(nodes, { concurrency: 4 }).overlaps).toEqual([]);
});

test('writers whose scopes overlap are one chain, in the order they are started in', () => {
  const record: TrackRecord = {
    role: 'implementation',
    route: { provider: 'claude', profile: null, model: null, effort: null, mode: 'write' },
    attempts: 12,
    ms: { median: 60_000, p80: 120_000 },
    usd: null,
  };
  const nodes = [
    writer('c', ['src/x.ts'], 'b'),
    writer('a', ['src/**']),
    { ...reader('b'), timeoutMs: 1 },
  ];
  const { longest, estimate } = dryRun(nodes, { concurrency: 4, surroundings, records: [record] });
  expect(longest).toEqual({ path: ['a', 'c'], ms: 1_800_000 });
  expect(estimate.chain).toEqual({
    path: ['a', 'c'],
    ms: { median: 120_000, p80: 240_000 },
    unknown: 0,
  });
});

test('writers in different batches that nothing orders may meet all the same', () => {
  const nodes = [writer('a', ['src/**']), reader('b'), writer('c', ['src/x.ts'], 'b')];
  expect(dryRun(nodes, { concurrency: 4 }).overlaps).toEqual([['a', 'c']]);
});

test('there is advice only where there is something to advise', async () => {
  const two = [writer('a', ['a']), writer('b', ['b'])];
  expect(dryRun(two, { concurrency: 2 }).advice).toEqual([]);
  expect(dryRun(two, { concurrency: 1 }).advice.join()).toContain('Concurrency is 1');
  expect(dryRun([reader('a'), reader('b', 'a')], { concurrency: 2 }).advice.join()).toContain(
    'one worker with the whole goal would do',
  );
  const { plan, review } = await recipeDo();
  expect(dryRun([plan, review], { concurrency: 2 }).advice).toEqual([
    'More nodes come while the run goes on, from: plan.',
  ]);
});

test('a narrow terminal gets narrow lines, and nothing is lost but what a row has no room for', () => {
  const nodes = [
    reader('analyse-the-requirements'),
    writer('implementation', ['src/some/long/path/**'], 'analyse-the-requirements'),
    special('every', {
      needs: ['implementation'],
      when: 'implementation.status == "pass" && true',
    }),
  ];
  for (const columns of [40, 60, 80, 200]) {
    const text = renderDryRun(dryRun(nodes, { concurrency: 4 }), columns);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(
      Math.min(columns, 80),
    );
    expect(text).toContain('2  ●  implementation');
    expect(text).not.toContain('after …');
    expect(text.replaceAll(/\s+/g, ' ')).toContain('one worker with the whole goal would do.');
  }
});

test('why nobody can take the work is said once for all roles, and one node is not drawn', () => {
  const nodes = [reader('a'), reader('b'), writer('c', ['src/**'])];
  const workers = [aWorker('codex', { reason: 'the command codex is not on the PATH' })];
  const nobody = { ...surroundings, workers };
  const text = renderDryRun(dryRun(nodes, { concurrency: 4, surroundings: nobody }));
  expect(text).toContain('requirements (2), implementation: nobody can take it: codex: ');
  expect(text.split('nobody can take it')).toHaveLength(2);
  expect(renderDryRun(dryRun([reader('a')], { concurrency: 4 }))).not.toMatch(/●|would do/);
});

test('the overlaps are those that comparing every pair would find', () => {
  const pattern = fc.constantFrom(
    '**',
    'src',
    'src/',
    'src/**',
    'src/a',
    'src/ab',
    'src/a*',
    './src/a',
    'src//a/b',
    'docs/*.md',
    'docs/a.md',
    'app/[id]/x',
    'app/i/x',
    '{src,lib}/a',
    'lib/a',
    '*.md',
    'd1',
    'd10',
  );
  const scopes = fc.oneof(
    fc.constant('any' as const),
    fc
      .record({
        allow: fc.array(pattern, { minLength: 1, maxLength: 3 }),
        deny: fc.array(pattern, { maxLength: 1 }),
      })
      .map((one) => ({ ...one, maxDiffLines: null })),
  );
  const graphs = fc.array(fc.tuple(scopes, fc.array(fc.nat(), { maxLength: 2 })), { maxLength: 9 });
  fc.assert(
    fc.property(graphs, (parts) => {
      const nodes = parts.map(([scope, needs], index) => ({
        ...writer(`n${index}`, [], ...(index === 0 ? [] : needs.map((need) => `n${need % index}`))),
        scope,
      }));
      const expected = nodes.flatMap((left, index) =>
        nodes
          .slice(index + 1)
          .filter(
            (right) => !isOrdered(nodes, left, right) && scopesOverlap(left.scope, right.scope),
          )
          .map((right) => `${left.name} ${right.name}`),
      );
      const found = dryRun(nodes, { concurrency: 4 }).overlaps.map((pair) => pair.join(' '));
      expect(found.toSorted()).toEqual(expected.toSorted());
    }),
  );
});

test('no line is longer than 80 columns, and no node is left out of a batch', () => {
  const name = fc.integer({ min: 1, max: 64 }).map((length) => 'n'.repeat(length));
  fc.assert(
    fc.property(fc.uniqueArray(name), fc.array(fc.string(), { minLength: 1 }), (names, allow) => {
      const nodes = names.map((one, index) => writer(one, allow, ...names.slice(0, index)));
      const run = dryRun(nodes, { concurrency: 4 });
      expect(run.batches.flat().toSorted()).toEqual(names.toSorted());
      for (const line of renderDryRun(run).split(/\n/)) expect(line.length).toBeLessThanOrEqual(80);
    }),
  );
});

test('ten thousand writers of folders of their own are all compared', () => {
  const nodes = Array.from({ length: 10_000 }, (_, index) => writer(`n${index}`, [`d${index}`]));
  const run = dryRun(nodes, { concurrency: 8 });
  expect([run.overlaps, run.advice]).toEqual([[], []]);
});

test('ten thousand writers of one folder end, and the text says that more overlap', () => {
  const nodes = Array.from({ length: 10_000 }, (_, index) => writer(`n${index}`, ['src/**']));
  const run = dryRun(nodes, { concurrency: 8 });
  expect(run.overlaps).toHaveLength(100);
  expect(run.advice.join()).toContain('more nodes with overlapping scopes');
});

function gateOf(command: string): GateSpec {
  return { gate: 'command', command, timeoutMs: null };
}

function isOrdered(nodes: readonly NodeSpec[], left: NodeSpec, right: NodeSpec): boolean {
  return layersOf(nodes).length > 1 && downstreamOf(nodes, left.name).includes(right.name);
}

const surroundings = {
  workers: [aWorker('claude'), aWorker('codex')],
  lanes: [],
  settings: {},
  now: 0,
};

function special(name: string, over: Partial<NodeSpec>): NodeSpec {
  return newNode(
    { name, kind: 'command', role: 'automation', task: 'true', ...over },
    usualDefaults,
  );
}

function reviewer(name: string, ...needs: string[]): NodeSpec {
  return { ...reader(name, ...needs), role: 'review' };
}

function reader(name: string, ...needs: string[]): NodeSpec {
  return newNode({ name, role: 'requirements', task: 'Look.', needs }, usualDefaults);
}

function writer(name: string, allow: string[], ...needs: string[]): NodeSpec {
  return newNode(
    {
      name,
      role: 'implementation',
      task: 'Do.',
      needs,
      write: true,
      scope: { allow, deny: [], maxDiffLines: null },
    },
    usualDefaults,
  );
}
