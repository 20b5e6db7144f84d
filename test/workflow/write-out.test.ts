import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { recipeCommands } from '../../src/core/recipe-commands.ts';
import { json } from '../../src/core/json.ts';
import { commandsOfRecipe } from '../../src/platform/recipe-files.ts';
import { loadWorkflow } from '../../src/workflow/load.ts';
import { readRecipes } from '../../src/operations/recipe-source.ts';
import { recipeHead } from '../../src/workflow/recipes.ts';
import { writeOut } from '../../src/workflow/write-out.ts';

function written(text: string, inputs: Record<string, unknown>): unknown {
  const out = writeOut(text, inputs);
  if ('errors' in out) throw new Error(JSON.stringify(out.errors));
  return JSON.parse(out.text);
}

function refusals(text: string, inputs: Record<string, unknown>): string[] {
  const out = writeOut(text, inputs);
  return 'errors' in out
    ? out.errors.map(({ where, what, fix }) => `${where}: ${what} ${fix}`)
    : [];
}

const file = (nodes: string): string =>
  `version: 1\nname: x\ninputs: { parts: { type: list }, who: { type: string, default: "" }, checks: { type: list, default: [] } }\nnodes:\n${nodes}`;

describe('for_each', () => {
  test('one copy for each entry, in order; its own copies are needed, and whoever needs the node needs all', () => {
    const nodes = [
      '  build: { for_each: { input: parts, after: pass }, task: "${n} of ${total}: ${each}" }',
      '  pass: { for_each: parts, kind: gate, needs: [build], pass_when: [\'nodes["build-${n}"].ok\'], on_fail: { retry: build } }',
      '  end: { needs: [pass], task: End }',
    ].join('\n');
    const plain = written(file(nodes), { parts: ['a', 'b ${inputs.who}'] });
    expect(Object.keys(Object(plain).nodes)).toEqual([
      'build-1',
      'pass-1',
      'build-2',
      'pass-2',
      'end',
    ]);
    expect(plain).toMatchObject({
      nodes: {
        'build-1': { task: '1 of 2: a', part: { of: 'parts', n: 1, total: 2 } },
        'build-2': { task: '2 of 2: b $${inputs.who}', needs: ['pass-1'] },
        'pass-2': {
          needs: ['build-2'],
          pass_when: ['nodes["build-2"].ok'],
          on_fail: { retry: 'build-2' },
        },
        end: { needs: ['pass-1', 'pass-2'] },
      },
    });
  });

  test('what it goes over must be a list that has something in it', () => {
    const nodes = '  build: { for_each: part, task: x }';
    expect(refusals(file(nodes), { parts: ['a'] })).toEqual([
      'nodes.build.for_each: this is no list among the inputs. Did you mean parts?',
    ]);
    const empty = '  build: { for_each: parts, task: x }';
    expect(refusals(file(empty), { parts: [] })).toEqual([
      'inputs.parts: is empty. Give at least one entry.',
    ]);
  });

  test('a copy does not take the place of another node, and waits only for one repeated like it', () => {
    const taken = '  build: { for_each: parts, task: x }\n  build-1: { task: y }';
    expect(refusals(file(taken), { parts: ['a'] })).toHaveLength(1);
    const after = '  build: { for_each: { input: parts, after: biuld }, task: x }';
    expect(refusals(file(after), { parts: ['a'] })).toEqual([
      'nodes.build.for_each.after: biuld is not repeated like it. Did you mean build?',
    ]);
  });
});

test('an input that stands alone fixes a provider and its profile, or nothing; a list becomes the list', () => {
  const text = file(
    '  a: { provider: "${inputs.who}", gates: "${inputs.checks}", task: "${inputs.who}" }',
  );
  const plain = written(text, { parts: [], who: 'claude:fast', checks: ['npm test'] });
  expect(plain).toMatchObject({
    nodes: {
      a: { provider: 'claude', profile: 'fast', gates: ['npm test'], task: '${inputs.who}' },
    },
  });
  expect(written(text, { parts: [] })).toMatchObject({ nodes: { a: { gates: [] } } });
  expect(written(text, { parts: [] })).not.toHaveProperty('nodes.a.provider');
});

test('what stands for the whole run may be an input too; one that was left out says nothing', () => {
  const text = [
    'version: 1',
    'name: x',
    'inputs: { checks: { type: list, required: false }, rounds: { type: number, default: 3 }, ask: { type: string, default: "" } }',
    'emitted: { provider: "${inputs.ask}", retries: 1 }',
    'gates: ${inputs.checks}',
    'max_cycles: ${inputs.rounds}',
    'confirm: ${inputs.ask}',
    'nodes: { a: { task: x } }',
  ].join('\n');
  const plain = written(text, {});
  expect(plain).toMatchObject({ max_cycles: 3, emitted: { retries: 1 } });
  expect(plain).not.toHaveProperty('gates');
  expect(plain).not.toHaveProperty('confirm');
  expect(plain).not.toHaveProperty('emitted.provider');
  expect(written(text, { checks: [], ask: 'ask' })).toMatchObject({ gates: [], confirm: 'ask' });
});

test('a recipe that says nothing of the kind stays the text it was', () => {
  const text = 'version: 1\nname: x\nnodes:\n  a: { task: Look. } # here\n';
  expect(writeOut(text, {})).toEqual({ text });
});

test('a key that is there twice is refused, not dropped', () => {
  const twice = file('  a: { for_each: parts, task: x, task: y }');
  const out = writeOut(twice, { parts: ['a'] });
  expect(out).toMatchObject({ errors: [{ line: 5 }] });
});

test('a value that is no JSON does not hide the commands beside it', async () => {
  const text = 'nodes:\n  a: { kind: command, run: rm -r x, timeout: .nan }\n';
  expect(await commandsOfRecipe({ text })).toEqual(['rm -r x']);
});

test('commands are found wherever a file can name them, defaults of inputs among them', () => {
  const named = json.parse({
    inputs: { checks: { type: 'list', default: ['from-input'] } },
    defaults: { gates: ['from-defaults'] },
    nodes: {
      a: { kind: 'command', run: 'from-run' },
      b: { gates: [{ command: 'from-gate' }], task: 'run: no' },
      c: { kind: 'map', node: { kind: 'command', run: 'from-map', gates: ['from-map-gate'] } },
      d: { gates: '${inputs.checks}' },
    },
    gates: ['from-whole'],
  });
  expect(recipeCommands(named).toSorted()).toEqual(
    ['run', 'gate', 'map', 'map-gate', 'defaults', 'input', 'whole']
      .map((one) => `from-${one}`)
      .toSorted(),
  );
});

test('every recipe that comes with mo is found, says what it is for, and is a workflow mo takes', async () => {
  const folder = join(import.meta.dirname, '../../prompt-pack/recipes');
  const recipes = await readRecipes(join(folder, 'no-project'));
  expect([...recipes.keys()].map((name) => `${name}.yaml`)).toEqual(
    (await readdir(folder)).toSorted(),
  );
  const sample = { string: 'a', number: 2, boolean: true, list: ['a', 'b'], items: [{ a: 1 }] };
  for (const { name, file: path, text } of recipes.values()) {
    expect(text).toBe(await readFile(path, 'utf8'));
    const { description, inputs } = recipeHead(text);
    expect(description).not.toBe('');
    const given = [...inputs].flatMap(([input, { type, default: usual }]) =>
      usual === undefined ? [[input, sample[type]] as const] : [],
    );
    const loaded = await loadWorkflow(
      JSON.stringify(written(text, Object.fromEntries(given))),
      name,
    );
    expect(loaded).toHaveProperty('workflow.name', name);
  }
});

test('numbers, what only reads, and what is a template of its own are written out', () => {
  const text = JSON.stringify({
    version: 1,
    name: 'x',
    inputs: {
      task: { type: 'string' },
      paths: { type: 'list', default: ['${file}', '{file.dir}/${x}'] },
      look: { type: 'boolean', default: false },
      many: { type: 'number', default: 3 },
      few: { type: 'number', required: false },
    },
    concurrency: '${inputs.many}',
    nodes: {
      m: {
        kind: 'map',
        as: 'file',
        batch: '${inputs.many}',
        limit: '${inputs.few}',
        node: {
          read_only: '${inputs.look}',
          write: true,
          scope: { allow: '${inputs.paths}' },
          retries: '${inputs.few}',
          task: '${inputs.task}',
        },
      },
    },
  });
  const task = 'Mend {file} as {file.kind}, not {other} or ${file.x} ${HOME} ${ {item}';
  const { concurrency, nodes } = z
    .looseObject({ concurrency: z.unknown(), nodes: z.unknown() })
    .parse(written(text, { task }));
  expect(concurrency).toBe(3);
  expect(nodes).toEqual({
    m: {
      kind: 'map',
      as: 'file',
      batch: 3,
      node: {
        write: true,
        scope: { allow: ['${file}', '${file.dir}/$${x}'] },
        task: 'Mend ${file} as ${file.kind}, not {other} or ${file.x} $${HOME} $${ {item}',
      },
    },
  });
  const reading = written(text, { task: 'Look', look: true });
  expect(reading).toHaveProperty('nodes.m.node', { task: 'Look' });
});
