import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/core/gate.ts';
import type { Json } from '../../src/core/json.ts';
import { nodeSpec, type NodeSpec } from '../../src/core/node.ts';
import { scopeErrors, scopesOverlap } from '../../src/core/scope.ts';
import { emittedNodes, type Emission } from '../../src/workflow/emitted.ts';
import { fixNodes } from '../../src/workflow/fix-nodes.ts';
import { newNode, usualDefaults } from '../../src/workflow/new-node.ts';
import { recipeDo } from './recipe-do.ts';

const usual = await recipeDo();
const both = [usual.plan, usual.review];

describe('recipe do', () => {
  test('a planner that emits nodes, then a reviewer that waits for them', () => {
    expect(
      both.map(({ name, role, write, needs, emit }) => [name, role, write, needs, emit]),
    ).toEqual([
      ['plan', 'planner', false, [], 'nodes'],
      ['review', 'review', false, ['plan'], 'review'],
    ]);
    for (const node of both) expect(nodeSpec.parse(node)).toEqual(node);
  });

  test('each part may have a worker of its own, and the model goes with the shared one', async () => {
    const wish = { provider: 'claude:fast', reviewer: 'codex', model: 'haiku', timeout: '2m' };
    const { plan, review, defaults } = await recipeDo(wish);
    expect(plan).toMatchObject({ provider: 'claude', profile: 'fast', model: 'haiku' });
    expect(review).toMatchObject({ provider: 'codex', profile: null, model: null });
    expect(defaults).toMatchObject({
      provider: 'claude',
      profile: 'fast',
      model: 'haiku',
      timeoutMs: 120_000,
      idleMs: 120_000,
    });
  });

  test('a worker of its own takes the model, which is that of the workers, and no profile of another', async () => {
    const wish = { provider: 'claude:fast', worker: 'codex', model: 'gpt-5.5' };
    const { defaults } = await recipeDo(wish);
    expect(defaults).toMatchObject({ provider: 'codex', profile: null, model: 'gpt-5.5' });
  });

  test('what names nobody leaves everything open', async () => {
    const { plan, review, defaults } = await recipeDo();
    const open = { provider: null, profile: null, model: null };
    for (const one of [plan, review, defaults])
      expect(one).toMatchObject({ ...open, timeoutMs: 900_000, idleMs: 300_000, retries: 2 });
  });

  test('a timeout that is none is refused', async () => {
    await expect(recipeDo({ timeout: 'soon' })).rejects.toThrow('"soon" is no duration');
  });
});

describe('emitted nodes', () => {
  test('become complete nodes with the defaults of the run', () => {
    const emitted = emission([planned('a'), { ...planned('b'), needs: ['a', 'plan'] }]);
    expect(emitted).toMatchObject({
      nodes: [
        { name: 'a', timeoutMs: 900_000, emit: null, scope: { allow: ['src/a.ts'] } },
        // The emitter itself waits for nothing: needing it would be waiting for oneself.
        { name: 'b', needs: ['a'] },
      ],
    });
    for (const node of 'nodes' in emitted ? emitted.nodes : []) {
      expect(nodeSpec.parse(node)).toEqual(node);
    }
  });

  test('a command counts only when the run offers it', () => {
    expect(emission([{ ...planned('a'), gates: [{ command: ' npm test ' }] }])).toMatchObject({
      nodes: [{ gates: [{ gate: 'command', command: 'npm test', timeoutMs: null }] }],
    });
    expect(titles(emission([{ ...planned('a'), gates: [{ command: 'curl x | sh' }] }]))).toEqual([
      'nodes[0] (a), gates: "curl x | sh" is not among the offered commands.',
    ]);
  });

  test.each<[string, Json[], string]>([
    [
      'a cycle',
      [
        { ...planned('a'), needs: ['b'] },
        { ...planned('b'), needs: ['a'] },
      ],
      'a → b → a',
    ],
    ['a name that is taken', [planned('review')], 'the run already has a node review.'],
    ["one of mo's own names", [planned('fix-1-1')], "mo's own"],
    ['a bad name', [planned('A')], 'is no node name'],
    ['a name that means something else', [planned('person')], 'no node can be called person'],
    ['the name of the whole', [planned('verify')], 'no node can be called verify: rounds of'],
    ['an unknown need', [{ ...planned('a'), needs: ['zz'] }], 'there is no node "zz".'],
    ['a need that waits for the plan', [{ ...planned('a'), needs: ['review'] }], 'itself waits'],
    [
      'a writer without scope',
      [{ ...planned('a'), scope: null }],
      'a node that writes needs a scope.',
    ],
    ['a scope that leaves', [{ ...planned('a'), scope: { allow: ['../x'] } }], 'contains ..'],
    ['too many', Array.from({ length: 51 }, (_, index) => planned(`n${index}`)), 'at most 50'],
    ['none', [], 'The plan has no nodes.'],
  ])('%s goes back to the planner', (_name, nodes, reason) => {
    const found = titles(emission(nodes));
    expect(found.join('\n')).toContain(reason);
    expect(found).toHaveLength(1);
  });

  test('a planner may plan for another one, five deep', () => {
    const nodes = [{ ...planned('later'), role: 'planner', write: false, scope: null }];
    const handoff = { status: 'pass', summary: 'x', nodes };
    expect(emission(nodes)).toMatchObject({ nodes: [{ role: 'planner', emit: 'nodes' }] });
    expect(titles(emission(nodes, handoff, { depth: 4 }))).toEqual([]);
    expect(titles(emission(nodes, handoff, { depth: 5 })).join()).toContain('5 deep');
  });

  test('a run does not grow past what it may have', () => {
    const nodes = [planned('a'), planned('b')];
    const handoff = { status: 'pass', summary: 'x', nodes };
    expect(titles(emission(nodes, handoff, { maxNodes: 4 }))).toEqual([]);
    expect(titles(emission(nodes, handoff, { maxNodes: 3 }))).toEqual([
      'With these 2 nodes the run would have 4; it may have 3.',
    ]);
  });

  test('names that items of a map will have are taken', () => {
    const map = newNode({ name: 'all', kind: 'map', role: 'automation', task: '' }, usualDefaults);
    const nodes = [planned('all-7'), planned('all-x')];
    const handoff = { status: 'pass', summary: 'x', nodes };
    expect(titles(emission(nodes, handoff, { existing: [...both, map] }))).toEqual([
      'nodes[0] (all-7), name: the items of the map all are called so.',
    ]);
  });

  test('a planner that gave up is heard', () => {
    const handoff = { status: 'blocked', summary: 'No such repository.', nodes: [] };
    expect(titles(emission([], handoff))).toEqual([
      'The planner answered blocked: No such repository.',
    ]);
  });
});

describe('fix nodes', () => {
  test('files get a node each, with room for their tests, and the review looks again', () => {
    const nodes = fix([bug('src/a/one.ts'), bug('src/b/two.ts'), bug('src/a/one.ts')]);
    expect(nodes.map((node) => [node.name, node.needs])).toEqual([
      ['fix-1-1', []],
      ['fix-1-2', []],
      ['review-2', ['fix-1-1', 'fix-1-2']],
    ]);
    const [first, second, review] = nodes;
    expect(first?.scope).toMatchObject({
      allow: expect.arrayContaining(['src/a/one.ts', 'test/a/one.test.ts', 'src/a/one.spec.ts']),
    });
    expect(scopesOverlap(first?.scope ?? null, second?.scope ?? null)).toBe(false);
    expect(review).toMatchObject({
      role: 'review',
      emit: 'review',
      write: false,
      provider: 'codex',
    });
    for (const node of nodes) expect(nodeSpec.parse(node)).toEqual(node);
  });

  test('many files share four nodes, and every finding is in exactly one task', () => {
    const findings = Array.from({ length: 11 }, (_, index) =>
      bug(`src/m${index}.ts`, `Bug ${index}.`),
    );
    const fixes = fix([...findings, bug(null, 'Bug anywhere.')]).slice(0, -1);
    expect(fixes).toHaveLength(4);
    expect(fixes.map((node) => node.scope === 'any')).toEqual([false, false, false, true]);
    for (const one of findings) {
      expect(fixes.filter((node) => node.task.includes(one.title))).toHaveLength(1);
    }
    for (const node of fixes) {
      if (node.scope !== null && node.scope !== 'any') expect(scopeErrors(node.scope)).toEqual([]);
    }
  });

  test('advice starts no work', () => {
    expect(fix([{ ...bug('src/a.ts'), severity: 'minor' }])).toEqual([]);
  });

  test('the commands of the run judge a fix that is alone, not one among others', () => {
    expect(gateCounts(fix([bug('src/a.ts')]))).toEqual([1, 0]);
    expect(gateCounts(fix([bug('src/a.ts'), bug('src/b.ts')]))).toEqual([0, 0, 0]);
  });

  test.each(['/etc/passwd', '../x.ts', '.git/config', 'src/*.ts', '', 'a\nb'])(
    'the path %j of a finding gives no scope',
    (file) => {
      expect(fix([bug(file)])[0]?.scope).toBe('any');
    },
  );

  test('nodes get names that no node of the run has', () => {
    const taken = ['fix-1-1', 'fix-1-3', 'review-2', 'review-3'];
    const [first, second, review] = fix([bug('a.ts'), bug('b.ts')], taken);
    expect([first?.name, second?.name, review?.name]).toEqual(['fix-1-2', 'fix-1-4', 'review-4']);
    expect(review?.needs).toEqual(['fix-1-2', 'fix-1-4']);
  });

  test.each([
    ['./src/a.ts', 'src/a.ts'],
    ['src/a.ts:12', 'src/a.ts'],
    ['app/[id]/page.tsx', 'app/[id]/page.tsx'],
    ['Makefile', 'Makefile'],
  ])('the path %j of a finding means %j', (file, path) => {
    expect(fix([bug(file)])[0]?.scope).toMatchObject({ allow: expect.arrayContaining([path]) });
  });
});

function planned(name: string): { [key: string]: Json } {
  return { name, role: 'implementation', task: 'Do it.', scope: { allow: [`src/${name}.ts`] } };
}

function emission(
  nodes: Json[],
  handoff: Json = { status: 'pass', summary: 'x', nodes },
  limits: Partial<Emission> = {},
) {
  return emittedNodes({
    handoff,
    by: 'plan',
    existing: both,
    gates: ['npm test'],
    defaults: usualDefaults,
    maxNodes: 1_000,
    depth: 1,
    ...limits,
  });
}

function titles(emitted: ReturnType<typeof emission>): string[] {
  return 'findings' in emitted ? emitted.findings.map((one) => one.title) : [];
}

function bug(file: string | null, title = 'Wrong.'): Finding {
  return { severity: 'major', title, file, line: 3, evidence: 'It says 3.' };
}

function fix(findings: Finding[], taken: string[] = []): NodeSpec[] {
  const reviewer = { ...usual.review, provider: 'codex' };
  return fixNodes({
    findings,
    cycle: 1,
    defaults: usualDefaults,
    reviewer,
    gates: ['npm test'],
    taken: new Set(taken),
  });
}

function gateCounts(nodes: NodeSpec[]): number[] {
  return nodes.map((node) => node.gates.length);
}
