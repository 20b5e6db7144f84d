import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../src/core/gate.ts';
import type { SyntaxCommands } from '../../src/core/node.ts';
import type { GateContext } from '../../src/gates/gate-context.ts';
import { judgeSyntax } from '../../src/gates/syntax.ts';
import { environment } from '../../src/platform/environment.ts';
import { findBinary } from '../../src/platform/find-binary.ts';
import { put } from '../git/sandbox.ts';
import { afterAttempt, outsideGit } from './gating.ts';

type Files = Readonly<Record<string, string | Buffer>>;

async function putAll(root: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await put(root, path, '');
    await writeFile(join(root, path), content);
  }
}

async function wrote(files: Files, before: Files = {}): Promise<GateContext> {
  return afterAttempt({
    before: (root) => putAll(root, before),
    work: ({ worktree }) => putAll(worktree.path, files),
  });
}

async function judged(files: Files, commands: SyntaxCommands = {}): Promise<Verdict> {
  return judgeSyntax(commands, await wrote(files));
}

function places({ findings }: Verdict): string[] {
  return findings.map(({ severity, file, line }) => `${severity} ${file}:${line}`);
}

type Evidence = {
  checked: Record<string, number>;
  notChecked: { file: string; why: string }[];
};

async function evidenceOf(context: GateContext): Promise<Evidence> {
  const text = await readFile(join(context.evidenceFolder, 'gate-syntax.json'), 'utf8');
  return JSON.parse(text);
}

const has = (tool: string): boolean => findBinary(tool, environment()) !== null;

const good: Files = {
  'a.json': '{"a": [1, -2.5e3, "\\u00e9\\n", true, null]}',
  'bom.json': '\uFEFF{}',
  'tsconfig.json': '{\n  // why\n  "a": [1, 2,], /* more */\n}\n',
  'x.jsonc': '{"a": 1,}',
  'rows.jsonl': '{"a": 1}\n\n{"a": 2}\n',
  'many.yaml': 'a: &x 1\nb: *x\n---\n- !Ref c\n- a: 1\n  a: 2\n',
  'chart/templates/x.yaml': 'a:\n{{ if .Values.x }}\n  - {{ .Values.y }}\n{{ end }}\n',
  'a.toml': '[a]\nb = 1979-05-27\n',
  'module.js':
    'import x from "./x" with { type: "json" };\nexport const y = <b>{x}</b>;\nawait 1;\n',
  'sloppy.js': 'with (a) { b = 010; }\n',
  'script.cjs': '#!/usr/bin/env node\nreturn;\n',
  'flow.js': '// @flow\nconst a = (b: ?number): string => "";\n',
  'a.ts':
    'const a = <T,>(b: T) => <unknown>b;\nclass C { constructor(@Inject() private d: E) {} }\n',
  'new.ts': 'class A { @dec accessor b = 1; }\nexport @dec class C {}\nusing x = y();\n',
  'a.tsx': 'export const A = <T,>(b: T) => <p style={{ a: 1 }}>{b as string}</p>;\n',
  'a.d.ts': 'export const a: number;\ndeclare module "x";\n',
  'a.mts': 'import type { A } from "./a.ts";\nexport type { A };\n',
  'qt.ts': '<?xml version="1.0"?><TS></TS>\n',
  'a.py': 'match x:\n    case [1, *_]:\n        y = f"{x!r}"\n',
  'a.sh': '#!/bin/bash\na=(1 2)\nif [[ $a == 1 ]]; then echo; fi\n',
  tool: '#!/bin/sh\necho "$1"\n',
};

test('what its kind can read passes', async () => {
  const verdict = await judged(good);
  expect(verdict).toMatchObject({ gate: 'syntax', pass: true, findings: [] });
});

test('a broken file of each kind is a finding with its line', async () => {
  const verdict = await judged({
    'a.json': '{\n  "a": 1,\n}\n',
    'rows.jsonl': '{"a": 1}\n{"a": }\n',
    'tsconfig.json': '{\n// why\n"a" 1 }',
    'a.yaml': 'a: 1\nb: [1, 2\nc: 3\n',
    'alias.yaml': 'a: 1\nb: *nowhere\n',
    'a.toml': 'a = 1\nb = = 2\n',
    'a.js': 'const a = 1;\nconst b = ;\n',
    'a.ts': 'let a: = 1;\n',
    'a.tsx': 'const a = <b>;\n',
  });
  expect(verdict.pass).toBe(false);
  expect(places(verdict).toSorted()).toEqual([
    'major a.js:2',
    'major a.json:3',
    'major a.toml:2',
    'major a.ts:1',
    'major a.tsx:1',
    'major a.yaml:3',
    'major alias.yaml:2',
    'major rows.jsonl:2',
    'major tsconfig.json:3',
  ]);
});

test('Python is read and not run', async () => {
  const context = await wrote({
    'a.py': 'a = 1\ndef f(:\n    pass\n',
    'b.py': 'open("made-by-import", "w")\nraise SystemExit(3)\n',
    'c.py': Buffer.from('# -*- coding: latin-1 -*-\na = "\xe9"\n', 'latin1'),
  });
  expect(places(await judgeSyntax({}, context))).toEqual(['major a.py:2']);
  expect((await evidenceOf(context)).checked).toEqual({ python: 3 });
  expect(existsSync(join(context.folder, 'made-by-import'))).toBe(false);
});

test('shell is read by the shell its first line names, and not run', async () => {
  const context = await wrote({
    'a.sh': 'echo one\nfi\ntouch made-by-check\n',
    tool: '#!/bin/sh\ntouch made-by-check\nif true; then\n',
    'z.sh': '#!/bin/zsh\nfi\n',
    notes: 'no script ((\n',
  });
  const verdict = await judgeSyntax({}, context);
  expect(verdict.findings.map(({ file }) => file)).toEqual(['a.sh', 'tool']);
  expect(verdict.findings[0]).toMatchObject({ severity: 'major', line: 2 });
  expect((await evidenceOf(context)).notChecked.map(({ file }) => file)).toEqual(['z.sh']);
  expect(existsSync(join(context.folder, 'made-by-check'))).toBe(false);
});

test.skipIf(!has('rustfmt'))(
  'Rust is parsed, and its form and its modules are not asked for',
  async () => {
    const verdict = await judged({
      'a.rs': 'fn main() {\n    let a = ;\n}\n',
      'b.rs': 'mod not_there;\nfn   main( ) { async {}; }\n',
    });
    expect(places(verdict)).toEqual(['major a.rs:2']);
  },
);

/** gofmt as it answers, for machines without Go. */
const goLike = `#!/bin/sh
for file; do case $file in -*) ;; *)
  if grep -q broken "$file"; then echo "$file:2:6: expected 'IDENT'" >&2; failed=1; fi ;;
esac; done
exit \${failed:-0}
`;

test('gofmt is given all files at once and its words are taken apart', async () => {
  const context = await wrote({ 'a.go': 'package a\n', 'b.go': 'broken\n' });
  const bin = join(context.runFolder, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'gofmt'), goLike);
  await chmod(join(bin, 'gofmt'), 0o755);
  const env = { ...context.env, PATH: `${bin}:${context.env['PATH'] ?? ''}` };
  expect(places(await judgeSyntax({}, { ...context, env }))).toEqual(['major b.go:2']);
});

test.skipIf(!has('gofmt'))('Go is parsed by gofmt', async () => {
  const verdict = await judged({
    'a.go': 'package a\n\nfunc  A() {}\n',
    'b.go': 'package b\nfunc {\n',
  });
  expect(places(verdict)[0]).toBe('major b.go:2');
});

test('without the tool a file is named as not checked, and fails nothing', async () => {
  const context = await wrote({
    'a.py': 'def\n',
    'a.go': 'x',
    'a.rs': 'x',
    'a.sh': 'fi\n',
    'b.json': '{',
  });
  const bin = join(context.runFolder, 'bin');
  await mkdir(bin);
  const verdict = await judgeSyntax({}, { ...context, env: { ...context.env, PATH: bin } });
  expect(places(verdict)).toEqual(['major b.json:1']);
  expect((await evidenceOf(context)).notChecked).toEqual(
    [
      ['a.go', 'gofmt'],
      ['a.py', 'python3'],
      ['a.rs', 'rustfmt'],
      ['a.sh', 'bash'],
    ].map(([file, tool]) => ({ file, why: `${tool} is not on the PATH` })),
  );
});

test('a tool that fails for a reason of its own has checked nothing', async () => {
  const context = await wrote({ 'a.py': 'def\n', 'a.rs': 'fn' });
  const bin = join(context.runFolder, 'bin');
  await mkdir(bin);
  for (const tool of ['python3', 'rustfmt']) {
    await writeFile(join(bin, tool), '#!/bin/sh\necho "not set up" >&2\nexit 127\n');
    await chmod(join(bin, tool), 0o755);
  }
  const env = { ...context.env, PATH: `${bin}:${context.env['PATH'] ?? ''}` };
  expect(await judgeSyntax({}, { ...context, env })).toMatchObject({ pass: true });
  expect((await evidenceOf(context)).notChecked).toMatchObject([
    { file: 'a.py', why: expect.stringContaining('ended with 127: not set up') },
    { file: 'a.rs', why: expect.stringContaining('ended with 127: not set up') },
  ]);
});

describe('only what the worker broke blocks', () => {
  test('what was broken before and is still is advice', async () => {
    const context = await wrote(
      { 'old.json': '{"b": }', 'new.json': '{' },
      { 'old.json': '{"a": }', 'new.json': '{}', 'other.json': '{' },
    );
    const verdict = await judgeSyntax({}, context);
    expect(places(verdict)).toEqual(['major new.json:1', 'minor old.json:1']);
  });

  test('under its old name as well, and what was mended or deleted is not named', async () => {
    const long = `{"a": "${'x'.repeat(500)}",\n`;
    const context = await afterAttempt({
      before: (root) => putAll(root, { 'a.json': long, 'gone.json': '{', 'mended.json': '{' }),
      work: async ({ worktree: { path } }) => {
        await rename(join(path, 'a.json'), join(path, 'b.json'));
        await rm(join(path, 'gone.json'));
        await writeFile(join(path, 'mended.json'), '{}');
      },
    });
    expect(places(await judgeSyntax({}, context))).toEqual(['minor b.json:2']);
  });

  test('a sample that may be broken on purpose is advice', async () => {
    const verdict = await judged({ 'test/fixtures/bad.json': '{', 'src/bad.json': '{' });
    expect(places(verdict)).toEqual(['major src/bad.json:1', 'minor test/fixtures/bad.json:1']);
  });
});

test('the bytes in git count, not what lies in the worktree', async () => {
  const context = await wrote({ 'a.json': '{' });
  await writeFile(join(context.folder, 'a.json'), '{}');
  expect(places(await judgeSyntax({}, context))).toEqual(['major a.json:1']);
});

test('large, binary and linked files are passed over, and those with a known name are named', async () => {
  const context = await afterAttempt({
    work: async ({ worktree: { path } }) => {
      await putAll(path, {
        'large.json': Buffer.alloc(5_000_001, '['),
        'binary.json': Buffer.from([0x7b, 0x00, 0x7d]),
        'wide.js': Buffer.from('\uFEFFlet a', 'utf16le'),
        'picture.png': Buffer.from([0, 1, 2]),
        'words.md': '# [',
      });
      await symlink('words.md', join(path, 'link.json'));
    },
  });
  expect(await judgeSyntax({}, context)).toMatchObject({ pass: true, findings: [] });
  expect((await evidenceOf(context)).notChecked).toEqual([
    { file: 'binary.json', why: 'it is binary' },
    { file: 'large.json', why: 'it is larger than 5 MB' },
    { file: 'wide.js', why: 'it is binary' },
  ]);
});

test(
  'a text that no parser can read is advice or a finding, never an error',
  { timeout: 120_000 },
  async () => {
    const deep = 1_000_000;
    const bomb = [
      'a: &a [x, x]',
      ...'bcdefghij'
        .split('')
        .map((name, at) => `${name}: &${name} [${`*${'abcdefghi'[at]}, `.repeat(9)}]`),
    ];
    const context = await wrote({
      'deep.json': '['.repeat(deep),
      'deep.yaml': '['.repeat(deep),
      'deep.toml': `a = ${'['.repeat(deep)}`,
      'deep.js': '['.repeat(deep),
      'deep.ts': '`${'.repeat(deep / 3),
      'deep.py': '('.repeat(deep),
      'long.js': 'a'.repeat(deep),
      'long.json': '"a'.repeat(deep / 2),
      'blocks.yaml': '- '.repeat(20_000),
      'bomb.yaml': `${bomb.join('\n')}\n`,
      'latin.yaml': Buffer.from('a: \xe9\n', 'latin1'),
      'empty.js': '',
      'last.json': '{',
    });
    const { findings } = await judgeSyntax({}, context);
    const severities = Object.fromEntries(findings.map(({ file, severity }) => [file, severity]));
    expect(severities).toMatchObject({
      'deep.json': 'major',
      'deep.yaml': 'minor',
      'deep.js': 'minor',
      'deep.ts': 'minor',
      'long.json': 'major',
      'latin.yaml': 'minor',
      'last.json': 'major',
    });
    expect(Object.keys(severities)).not.toEqual(
      expect.arrayContaining(['bomb.yaml', 'long.js', 'empty.js']),
    );
  },
);

describe('a command of the settings', () => {
  const check = 'grep -q good {file} || { echo "{file}:7 is bad"; exit 3; }';

  test('is run for each file of its kind, whatever its name holds', async () => {
    const names = ['a.vue', 'it\'s $(touch made) `touch made`; "x".vue', '-n.vue', 'B.VUE'];
    const context = await wrote({
      ...Object.fromEntries(names.map((name) => [name, 'good'])),
      'src/bad one.vue': 'bad',
    });
    const verdict = await judgeSyntax({ '.vue': check }, context);
    expect(places(verdict)).toEqual(['major src/bad one.vue:7']);
    expect(verdict.findings[0]?.title).toContain('ended with exit code 3');
    expect(existsSync(join(context.folder, 'made'))).toBe(false);
  });

  test('sees no keys, and takes the place of what mo knows itself', async () => {
    const context = await wrote({ 'a.json': '{' });
    const env = { ...context.env, SOME_API_KEY: 'x' };
    const command = 'test -z "$SOME_API_KEY" && test -f \'{file}\' && test -f "{file}"';
    expect(await judgeSyntax({ '.json': command }, { ...context, env })).toMatchObject({
      pass: true,
      findings: [],
    });
  });

  test('of the longest ending counts, and false leaves a kind out', async () => {
    const context = await wrote({ 'a.test.json': '{', 'b.json': '{', 'c.yaml': 'a: [' });
    const verdict = await judgeSyntax({ '.test.json': 'exit 2', '.json': false }, context);
    expect(places(verdict)).toEqual(['major a.test.json:null', 'major c.yaml:1']);
    expect((await evidenceOf(context)).notChecked).toMatchObject([{ file: 'b.json' }]);
  });

  test('must leave tracked files as they are', async () => {
    const verdict = await judged({ 'a.vue': 'x' }, { '.vue': 'echo y >>{file}' });
    expect(verdict.findings.map(({ title }) => title)).toEqual([
      '`echo y >>{file}` changed tracked files',
    ]);
  });
});

test(
  'a thousand small files take seconds, and nothing is left in the temp folder',
  { timeout: 60_000 },
  async () => {
    const kinds: [string, string][] = [
      ['json', '{"a": 1}'],
      ['yaml', 'a: 1\n'],
      ['ts', 'export const a: number = 1;\n'],
      ['py', 'a = 1\n'],
    ];
    const files = Array.from({ length: 1_000 }, (_none, at) => {
      const [ending, content] = kinds[at % kinds.length] ?? ['json', '{}'];
      return [`src/${at}.${ending}`, content] as const;
    });
    const context = await wrote(Object.fromEntries(files));
    const temp = join(context.runFolder, 'temp');
    await mkdir(temp);
    const verdict = await judgeSyntax({}, { ...context, env: { ...context.env, TMPDIR: temp } });
    expect(verdict).toMatchObject({ pass: true, findings: [] });
    expect((await evidenceOf(context)).checked).toMatchObject({
      json: 250,
      yaml: 250,
      script: 250,
    });
    expect(await readdir(temp)).toEqual([]);
  },
);

test('outside git nothing is compared, and the evidence says so', async () => {
  expect(await judgeSyntax({}, await outsideGit())).toMatchObject({ pass: true, findings: [] });
});

test('an aborted signal rejects with its reason', async () => {
  const context = await wrote({ 'a.json': '{}' });
  const signal = AbortSignal.abort(new Error('stopped'));
  await expect(judgeSyntax({}, { ...context, signal })).rejects.toThrow('stopped');
});
