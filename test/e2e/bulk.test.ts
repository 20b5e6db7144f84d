import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { final, makeRig, writes, type Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
  for (const name of ['src/a.ts', 'src/b.ts', 'app/[id]/page.ts'])
    await rig.write(name, 'export {};\n');
  await rig.write('pages.csv', 'path,lang\nsrc/a.ts,de\nsrc/b.ts,"fr, ca"\n');
  await rig.git('add', '-A');
  await rig.git('commit', '-qm', 'files');
});
afterEach(() => rig.end());

const by = ['--provider', 'scripted'];
const answer = { status: 'pass', summary: 'looked', changed_files: [], commands: [] };

test('every file that globs match is changed by a worker of its own, which may change nothing else', async () => {
  await rig.script({
    'bulk-1': writes('app/[id]/page.ts', 'mended\n'),
    'bulk-2': [
      writes('src/b.ts', 'not mine\n'),
      writes('src/a.ts', 'mended\n', { do: 'write', path: 'src/b.ts', text: 'export {};\n' }),
    ],
    'bulk-3': writes('src/b.ts', 'mended\n'),
  });
  const globs = ['--over', 'src/*.ts', '--over', 'app/**'];
  const gate = ['--gate', 'test -f README.md'];
  const said = await rig.mo(['bulk', 'Mend', ...globs, ...gate, ...by, '--yes', '--json']);
  expect(said).toMatchObject({ exitCode: 0 });
  const { run_id: run, nodes, landed } = final(said);
  expect(landed).toMatchObject({ how: 'merge' });
  expect(nodes.find(({ name }) => name === 'bulk-2')).toMatchObject({ attempts: 2 });
  for (const file of ['app/[id]/page.ts', 'src/a.ts', 'src/b.ts'])
    expect(await rig.read(file)).toBe('mended\n');
  const prompt = await rig.read(`.agent-workspace/runs/${run}/nodes/bulk-1/1/prompt.md`);
  expect(prompt).toContain('Mend\n\nThe item:\napp/[id]/page.ts');
  expect(prompt).toContain('Allowed: `app/[id]/page.ts`.');
});

test('rows of a file are filled into the task and into the scope', async () => {
  await rig.script({
    'bulk-1': writes('src/a.ts', 'de\n'),
    'bulk-2': writes('src/b.ts', 'fr\n'),
  });
  const inputs = {
    task: 'Translate ${item.path}, with ${this} as it is, to {item.lang}',
    file: 'pages.csv',
    scope: ['{item.path}'],
    provider: 'scripted',
  };
  const given = ['--inputs', JSON.stringify(inputs), '--json'];
  const said = await rig.mo(['workflow', 'run', '--recipe', 'bulk', ...given]);
  expect(said).toMatchObject({ exitCode: 0 });
  const { run_id: run } = final(said);
  expect(run).toContain('translate');
  const folder = `.agent-workspace/runs/${run}/nodes`;
  expect(await rig.read(`${folder}/bulk-2/1/prompt.md`)).toContain(
    'Translate src/b.ts, with ${this} as it is, to fr, ca',
  );
  expect(await rig.git('show', `mo/${run}:src/b.ts`)).toBe('fr');
});

test('a list is only read, in batches; the end says which item failed and how it is done again', async () => {
  await rig.script({
    'bulk-1': [{ do: 'handoff', value: answer }],
    'bulk-2': [{ do: 'crash' }],
  });
  const wish = ['--list', 'cart, pay,mail', '--batch', '2', '--retries', '0', '--read'];
  const said = await rig.mo(['bulk', 'Explain {item}', ...wish, ...by, '--yes']);
  expect(said).toMatchObject({ exitCode: 1 });
  expect(said.stderr).toContain('failed  mail (bulk-2)');
  expect(said.stderr).toMatch(/mo workflow control r-1\S* retry bulk-2 && mo resume r-1/);
  expect(said.stderr).toMatch(/mo output r-1\S* --node bulk-1 {2}\(cart and 1 more\)/);
});

test('a dry run shows items, who and why, what waits and what it may take; nothing is started', async () => {
  const many = Array.from({ length: 40 }, (_, index) => `item ${index + 1}`);
  await rig.write('many.txt', many.join('\n'));
  const file = ['--file', 'many.txt', '--scope', 'docs/**'];
  const said = await rig.mo(['bulk', 'Write', ...file, ...by, '--dry-run', '--gate', 'npm test']);
  expect(said.exitCode).toBe(0);
  expect(said.stdout).toBe(`40 items, one at a time. Each may change docs/**.

  item 1
  item 2
  item 3
  item 4
  item 5
  item 6
  item 7
  item 8
  item 9
  item 10
  … 27 more
  item 38
  item 39
  item 40

One at a time, because all may change the same files. A scope with {item} in it
would let them work at once.

Each result must pass:
  npm test

Who, why, and what an attempt took before:
  implementation: scripted, writes: the node asks for scripted
    no data

Estimate: no data. Nobody has done an attempt of these roles by these routes in
this project.`);
  const facts = await rig.mo(['bulk', 'Write', ...file, ...by, '--dry-run', '--json']);
  expect(facts.json).toMatchObject({ items: many, nodes: 40, route: 'scripted' });
  const asked = await rig.mo(['bulk', 'Write', ...file, ...by]);
  expect(asked).toMatchObject({ exitCode: 3, stdout: '' });
  expect(asked.stderr).toContain('Say it with --yes');
  expect((await rig.mo(['list'])).stdout).not.toContain('r-1');
});

test('a dry run of any workflow says what its maps go over now, or when that is known', async () => {
  const write = true;
  const each = (over: string, needs: string[] = []) => ({
    kind: 'map',
    over,
    needs,
    node: { task: 'Do ${item}', provider: 'scripted', write, scope: { allow: ['${item}'] } },
  });
  const output = { type: 'object', properties: { found: { type: 'array' } } };
  const nodes = {
    scan: { task: 'Scan', provider: 'scripted', output },
    files: each('files("src/**")'),
    rows: each('csv("pages.csv").map(row, row.lang)', ['scan']),
    found: each('scan.found', ['scan']),
    lost: each('lines("none.txt")'),
  };
  const workflow = JSON.stringify({ version: 1, name: 'maps', nodes });
  const said = await rig.mo(['workflow', 'check', '--workflow', workflow, '--json']);
  const { maps, text } = z.looseObject({ maps: z.unknown(), text: z.string() }).parse(said.json);
  expect(maps).toEqual({
    files: { items: 2, nodes: 2, first: ['src/a.ts', 'src/b.ts'] },
    rows: { items: 2, nodes: 2, first: ['de', 'fr, ca'] },
    found: { items: null, known_after: ['scan'] },
    lost: { items: null, problem: expect.stringContaining('no file none.txt') },
  });
  expect(text).toContain('2 items now: src/a.ts, src/b.ts');
  expect(text).toContain('its items are known when scan is done');
  expect(text).toContain('its items cannot be read now: there is no file none.txt');
});

test('what cannot be meant is refused with what to do, and nothing is started', async () => {
  await rig.write('bad.jsonl', '{"a": 1}\n{"a": \n');
  await rig.write('bad.json', '[\n1,\n]\n');
  await rig.write('bad.csv', 'a,b\n"1\n2",3\n4,5,6\n');
  await rig.write('quote.csv', 'a,b\n1,2\n"3,4\n');
  await rig.write('many.txt', 'x\n'.repeat(10_001));
  await rig.write('new.ts', '');
  const wrong: [string[], string, ...string[]][] = [
    [[], 'exactly one of --over, --list and --file'],
    [['--over', 'src/**', '--list', 'a'], '--over and --list are given together'],
    [['--over', 'src/*.tsx'], '"src/*.tsx". Did you mean "src/*.ts"?'],
    [['--over', 'source/*.ts'], 'no committed file matches'],
    [['--over', 'new.ts'], 'Only files that are committed count.'],
    [['--over', 'page.ts'], 'Did you mean "**/page.ts"?'],
    [['--over', '../*'], 'contains ..'],
    [['--file', 'page.csv'], 'page.csv cannot be read (ENOENT). Did you mean pages.csv?'],
    [['--file', 'pages.xlsx'], '.csv, .json, .jsonl or .txt'],
    [['--file', 'src'], 'src is no file'],
    [['--file', 'bad.jsonl'], 'bad.jsonl holds no JSON in line 2'],
    [['--file', 'bad.json'], 'bad.json is no JSON from line 3 on'],
    [['--file', 'bad.csv'], 'bad.csv has more fields than columns in line 4'],
    [['--file', 'quote.csv'], 'a quote that is not closed, or goes on behind it, in line 3'],
    [['--file', 'many.txt', '--read'], 'at most 10000 are taken'],
    [['--file', 'pages.csv'], 'Give --scope, such as "{item.path}"; or --read'],
    [['--list', 'cart,pay'], '"cart" is no committed file'],
    [['--list', 'src/a.ts,cart'], '"cart" is no committed file'],
    [['--list', 'a', '--read', '--gate', 'true'], '--gate: belongs to a task that writes'],
    [['--over', 'src/**', '--batch', '0'], 'whole number above 0'],
    [['--over', 'src/**', '--provider', 'scriptd'], '--provider: there is no provider'],
    [['--over', 'src/**', '--role', 'writer'], '--role: "writer" is not possible'],
  ];
  for (const [flags, told] of wrong) {
    const said = await rig.mo(['bulk', 'Do', '--yes', ...flags]);
    expect(said.stderr).toContain(told);
    expect(said.exitCode).toBe(2);
  }
  const field = ['--file', 'pages.csv', '--read'];
  const named = await rig.mo(['bulk', 'Do {item.pth}', '--yes', ...field]);
  expect(named).toMatchObject({ exitCode: 2 });
  expect(named.stderr).toContain('The task: no item has a field pth. Did you mean path?');
  expect((await rig.mo(['bulk', ' ', '--list', 'a'])).stderr).toContain('The task is empty.');
  const inputs = ['--inputs', '{"task": "x"}'];
  const check = await rig.mo(['workflow', 'check', '--recipe', 'bulk', ...inputs]);
  expect(check.stdout).toContain('Give exactly one of `over`, `list` and `file`.');
});
