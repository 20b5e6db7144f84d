import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { groupBy } from '../../src/core/group-by.ts';
import { noSpend } from '../../src/core/spend.ts';
import { changeLines, stillLine } from '../../src/cli/change-lines.ts';
import { renderView } from '../../src/cli/live-view.ts';
import type { Picture, PictureNode } from '../../src/operations/picture.ts';

const start = 1_000_000;

function node(name: string, more: Partial<PictureNode> = {}): PictureNode {
  return {
    name,
    status: 'waiting',
    attempt: 0,
    route: null,
    startedAt: null,
    endedAt: null,
    spend: noSpend,
    action: null,
    message: null,
    flags: [],
    ...more,
  };
}

function picture(nodes: PictureNode[], more: Partial<Picture> = {}): Picture {
  return {
    runId: 'r-7-add-jwt',
    sourceChanged: null,
    goal: 'Add JWT auth',
    state: 'running',
    reason: null,
    startedAt: start,
    endedAt: null,
    spend: noSpend,
    progress: [],
    counts: Object.fromEntries(
      [...groupBy(nodes, ({ status }) => status)].map(([status, some]) => [status, some.length]),
    ),
    total: nodes.length,
    nodes,
    maps: [],
    requests: [],
    held: [],
    branch: null,
    landed: null,
    ...more,
  };
}

const plain = { width: 100, height: 50, color: false };

test('a running node shows its route, its time and what it does', () => {
  const api = node('api', {
    status: 'running',
    attempt: 2,
    route: 'codex gpt-5.5',
    startedAt: start + 1_000,
    action: 'npm test',
  });
  const [, line] = renderView(picture([api]), start + 66_000, plain);
  expect(line).toBe('  ● api  codex gpt-5.5  running     1m 5s  npm test (attempt 2)');
});

test('a waiting question is shown with its choices', () => {
  const request = {
    id: 'q1',
    kind: 'plan' as const,
    node: null,
    question: 'Go on?',
    choices: ['yes', 'no'],
  };
  const lines = renderView(picture([], { state: 'needs', requests: [request] }), start, plain);
  expect(lines).toContain('  ? Go on? (yes | no)');
});

test.each([20, 40, 80])('no line is wider than a terminal of %i cells', (width) => {
  const nodes = [
    node('實作-api-路由', {
      status: 'running',
      action: '編輯 src/路由/使用者.ts 👩‍👩‍👧 並執行測試',
      startedAt: start,
    }),
    node('a'.repeat(64), {
      status: 'failed',
      message: 'exit code 1\n\u001b[31mred\u001b[0m '.repeat(9),
    }),
  ];
  const lines = renderView(picture(nodes, { goal: '加入 JWT 驗證'.repeat(20) }), start + 5, {
    ...plain,
    width,
  });
  expect(lines.filter((line) => stringWidth(line) > width)).toEqual([]);
});

test('words of a worker cannot move the cursor', () => {
  const shown = node('api', { status: 'running', action: 'x\u001b[2Jy\rz', startedAt: start });
  expect(renderView(picture([shown]), start, plain).join('')).not.toMatch(/\p{Cc}/u);
});

test('a big run lists who is at work and counts the others', () => {
  const nodes = [
    ...Array.from({ length: 60 }, (_, index) => node(`done-${index}`, { status: 'verified' })),
    node('busy', { status: 'running', startedAt: start }),
    node('broken', { status: 'failed' }),
  ];
  const lines = renderView(picture(nodes), start, plain);
  expect(lines.join('\n')).toContain('busy');
  expect(lines.join('\n')).toContain('broken');
  expect(lines.join('\n')).toContain('… 33 verified');
  expect(lines.length).toBeLessThanOrEqual(34);
});

test('a low terminal is never overrun', () => {
  const nodes = Array.from({ length: 20 }, (_, index) => node(`n-${index}`));
  expect(renderView(picture(nodes), start, { ...plain, height: 10 }).length).toBeLessThanOrEqual(
    10,
  );
});

test('without colour no escape is written, with colour there are some', () => {
  const one = picture([node('api', { status: 'verified' })]);
  expect(renderView(one, start, plain).join('')).not.toContain('\u001b');
  expect(renderView(one, start, { ...plain, color: true }).join('')).toContain('\u001b[32m✓');
});

test('plain lines tell what changed and nothing else', () => {
  const before = picture([node('plan', { status: 'running', attempt: 1 }), node('api')]);
  const after = picture([
    node('plan', {
      status: 'verified',
      attempt: 1,
      route: 'claude',
      startedAt: start,
      endedAt: start + 38_000,
    }),
    node('api'),
  ]);
  expect(changeLines(before, after, start + 40_000)).toEqual(['+40s plan verified (claude, 38s)']);
  expect(changeLines(after, after, start + 50_000)).toEqual([]);
});

test('whose work a reused node is stands in its line', () => {
  const before = picture([node('api')]);
  const message = 'reused from r-3/api';
  const after = picture([
    node('api', { status: 'verified', attempt: 1, startedAt: start, endedAt: start, message }),
  ]);
  expect(changeLines(before, after, start)).toEqual(['+0s api verified: reused from r-3/api']);
  expect(renderView(after, start, plain)[1]).toContain('reused from r-3/api');
});

test('work that goes back says why, nodes that are added are one line', () => {
  const before = picture([node('api', { status: 'gating', attempt: 1 })]);
  const after = picture([
    node('api', { status: 'waiting', attempt: 1, message: 'npm test ended with exit code 1' }),
    node('docs'),
    node('tests'),
  ]);
  expect(changeLines(before, after, start + 9_000)).toEqual([
    '+9s 2 nodes added: docs, tests',
    '+9s api goes back: npm test ended with exit code 1',
  ]);
});

test('a thousand nodes that start together are one plain line', () => {
  const names = Array.from({ length: 1_000 }, (_, index) => `n-${index}`);
  const before = picture(names.map((name) => node(name)));
  const after = picture(names.map((name) => node(name, { status: 'running', attempt: 1 })));
  expect(changeLines(before, after, start)).toEqual(['+0s 1000 running']);
});

test('silence is broken by who is still at work', () => {
  const one = picture([
    node('api', { status: 'running', action: 'npm test' }),
    node('docs', { status: 'verified' }),
  ]);
  expect(stillLine(one, start + 90_000)).toBe('+1m 30s 1 of 2 done · 1 at work: api (npm test)');
});

test('a narrow terminal still shows how a node stands and for how long', () => {
  const api = node('implementation', {
    status: 'running',
    attempt: 1,
    route: 'scripted',
    startedAt: start,
  });
  const [, line] = renderView(picture([api]), start + 65_000, { ...plain, width: 39 });
  expect(line).toMatch(/^ {2}● implementa… {2}running +1m 5s$/);
});

const halfWay = {
  map: 'docs',
  counts: new Map([
    ['verified', 5_000],
    ['running', 16],
    ['waiting', 4_984],
    ['failed', 1],
  ] as const),
  failed: [{ node: 'docs-10001', item: 'src/\u001b[31mlast file.ts' }],
};

test('a map is one line with a bar, however many items it has', () => {
  const shown = picture([node('docs', { status: 'verified' }), node('after')], { maps: [halfWay] });
  const lines = renderView(shown, 0, { width: 120, height: 40, color: false });
  const ofMap = lines.filter((line) => line.includes('docs'));
  expect(ofMap).toHaveLength(1);
  expect(ofMap[0]).toContain('running');
  expect(ofMap[0]).toContain(
    '████░░░░░░ 5000/10001 done, 16 at work, 1 failed (docs-10001 src/ [31mlast file.ts)',
  );
  expect(lines).toHaveLength(4);
});

test('what a failed item was made for is cut, and the line to the terminal', () => {
  const item = `src/${'deep/'.repeat(40)}a.ts`;
  const shown = picture([node('docs')], {
    maps: [{ ...halfWay, failed: [{ node: 'docs-7', item }] }],
  });
  const lines = (width: number) => renderView(shown, 0, { width, height: 40, color: false });
  expect(lines(200)[1]).toMatch(/1 failed \(docs-7 src\/deep\/[^ ]{30}…\)$/);
  for (const line of lines(60)) expect(line.length).toBeLessThanOrEqual(60);
});

test('the progress of a list stands before the nodes, and a log says when another entry is done', () => {
  const [before, after] = [1, 2].map((done) =>
    picture([node('a')], { progress: [{ of: 'tasks', done, total: 5 }] }),
  );
  if (before === undefined || after === undefined) throw new Error('two pictures were made');
  expect(renderView(before, start, plain).at(-1)).toBe('  tasks 1 of 5 done · 0 of 1 nodes done');
  expect(changeLines(before, after, start + 1_000)).toEqual(['+1s tasks 2 of 5 done']);
});

test('a workflow file that was changed is said in the live view, and once in plain lines', () => {
  const before = picture([]);
  const after = picture([], { sourceChanged: 'w.yaml' });
  const said = 'w.yaml was changed since the run began; the run goes on with what it began with';
  expect(renderView(after, 0, { width: 100, height: 24, color: false })).toContain(`  ! ${said}`);
  expect(changeLines(before, after, 60_000)).toEqual([expect.stringContaining(said)]);
  expect(changeLines(after, after, 60_000)).toEqual([]);
});

test('where lines are printed, a map is told of ten times and with its first failure, not with every item', () => {
  const at = (verified: number, failed: number): Picture =>
    picture([node('docs', { status: 'verified' })], {
      maps: [
        {
          map: 'docs',
          counts: new Map([
            ['verified', verified],
            ['waiting', 1_000 - verified - failed],
            ...(failed === 0 ? [] : [['failed', failed] as const]),
          ]),
          failed: [],
        },
      ],
    });
  expect(told(picture([node('docs', { status: 'verified' })]), at(0, 0))).toEqual([
    expect.stringContaining('docs 0/1000 done'),
  ]);
  expect(told(at(0, 0), at(99, 0))).toEqual([]);
  expect(told(at(99, 0), at(100, 0))).toEqual([expect.stringContaining('docs 100/1000 done')]);
  expect(told(at(100, 0), at(100, 1))).toEqual([expect.stringContaining('1 failed')]);
  expect(told(at(100, 1), at(110, 20))).toEqual([]);
});

function told(before: Picture, after: Picture): string[] {
  return changeLines(before, after, start);
}
