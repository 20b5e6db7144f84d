import { parse } from '@babel/parser';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { describeProblem, type Problem, type ProblemCode } from '../../src/core/problem.ts';

const root = join(import.meta.dirname, '../..');

/** What only a person may do, in a terminal; and what is said of landing. */
const ofPeople = [
  /`mo (?:trust|health|models|install(?: --dry-run)?|uninstall|demo|selftest --hosts)`/g,
  /: mo install\b/g,
  /mo resume x? ?--(?:budget-\w+|answer)\b.*/g,
  /npm install --global (?:mo-mcp|@[a-z-]+\/[a-z-]+)/g,
  /replace it with --force/g,
  /\(git merge-tree --write-tree\)/g,
  /\(--confirm\)/g,
  /mo land <run> --how merge --target main/g,
  /Watch it with: mo watch x/g,
  /In a terminal: mo resume r-7/g,
  /git log x --grep x/g,
  /git rm -r --cached x first/g,
  /Name the project with --cwd/g,
];

/** Texts that are printed by commands alone, or written into files that people read. */
const forPeople =
  /^src\/(?:core\/(?:report[\w-]*|settings|shown|destructive|handoff-examples)|engine\/(?:review|expand)|workflow\/json-schema|operations\/(?:install-hosts|uninstall-hosts|update-hosts|check-hosts|examine|start-bulk|raise-budget|list-models|run-selftest|try-clis|input-problem))\.ts$/;

test.each(Object.entries(problems()))(
  'a model that is told of %s is given no command',
  (_code, problem) => {
    expect(commandsIn(describeProblem(problem))).toEqual([]);
  },
);

test('no text that a model may be told holds a command or a flag', () => {
  const found = [
    'core',
    'engine',
    'governance',
    'mcp',
    'operations',
    'platform',
    'store',
    'workflow',
  ]
    .flatMap((room) => filesIn(join(root, 'src', room)))
    // The problems are told above, as a model is told of them.
    .filter((file) => !forPeople.test(relative(root, file)) && !file.endsWith('core/problem.ts'))
    .flatMap((file) =>
      textsIn(readFileSync(file, 'utf8')).flatMap((text) =>
        commandsIn(text).map((command) => `${relative(root, file)}: ${command} in ${text}`),
      ),
    );
  expect(found).toEqual([]);
}, 120_000);

test('a model shows what waits for trust, and does not trust it itself', () => {
  const { 'untrusted-settings': untrusted } = problems();
  expect(describeProblem(untrusted)).toContain(
    'Show the user these commands; only they may run `mo trust` in a terminal.',
  );
  expect(describeProblem(untrusted, 'cli')).toContain('Read the file, then run `mo trust`.');
});

test('a person is told of commands and flags', () => {
  const { 'folder-missing': missing, 'owner-failed': failed } = problems();
  expect(describeProblem(missing, 'cli')).toContain('with --cwd');
  expect(describeProblem(failed, 'cli')).toContain('mo resume r-7');
});

function commandsIn(text: string): string[] {
  const rest = ofPeople.reduce((left, one) => left.replaceAll(one, ''), text);
  return (
    rest.match(
      /\bmo (?:do|bulk|watch|resume|list|health|route|run|poll|output|send|stop|verify|land|usage|workflow|handoff|prompts|project)\b|(?<=[a-z.:] |^ )--[a-z][\w-]*/g,
    ) ?? []
  );
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

const quasi = z.object({ value: z.object({ cooked: z.string() }) });
const literal = z.union([
  z.object({ type: z.literal('StringLiteral'), value: z.string() }),
  z.object({ type: z.literal('TemplateLiteral'), quasis: z.array(quasi) }),
]);

/** The texts of a program; `x` for what is put into them. */
function textsIn(program: string): string[] {
  const texts: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const type: unknown = Reflect.get(value, 'type');
    if (type === 'StringLiteral' || type === 'TemplateLiteral') {
      const found = literal.parse(value);
      texts.push(
        found.type === 'StringLiteral'
          ? found.value
          : found.quasis.map((one) => one.value.cooked).join('x'),
      );
    }
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(parse(program, { sourceType: 'module', plugins: ['typescript'] }).program.body);
  return texts;
}

function problems(): { [Code in ProblemCode]: Extract<Problem, { code: Code }> } {
  const [folder, file, reason, runId, provider] = ['/p', '/p/f', 'EACCES', 'r-7', 'codex'];
  const said = { what: 'It does not fit.', fix: 'Give another.' };
  return {
    'bad-input': { code: 'bad-input', ...said },
    'bad-settings': { code: 'bad-settings', file, ...said },
    'untrusted-settings': { code: 'untrusted-settings', file, commands: ['npm test'] },
    'bad-workflow': { code: 'bad-workflow', source: 'w.yaml', errors: [] },
    'goal-empty': { code: 'goal-empty' },
    'goal-too-long': { code: 'goal-too-long', bytes: 2, limit: 1 },
    'folder-missing': { code: 'folder-missing', folder },
    'not-a-repository': { code: 'not-a-repository', folder },
    'no-checkout': { code: 'no-checkout', folder },
    'no-commits': { code: 'no-commits', folder },
    'git-too-old': { code: 'git-too-old', found: '2.1', needed: '2.38' },
    'git-failed': { code: 'git-failed', args: ['status'], exitCode: 1, stderr: 'no' },
    'git-locked': { code: 'git-locked', lock: file },
    'dirty-checkout': { code: 'dirty-checkout', folder, files: ['a'] },
    'target-moved': { code: 'target-moved', ref: 'main', expected: '1', found: '2' },
    'merge-conflict': { code: 'merge-conflict', target: 'main', files: ['a'] },
    'rollback-conflict': { code: 'rollback-conflict', runId, target: 'main', files: ['a'] },
    'nothing-to-take-back': { code: 'nothing-to-take-back', runId, reason, fix: '' },
    'no-remote': { code: 'no-remote', target: 'main', reason },
    'push-failed': { code: 'push-failed', branch: 'mo/r-7', remote: 'origin', reason },
    'request-failed': { code: 'request-failed', branch: 'b', remote: 'origin', reason, fix: '' },
    'run-not-found': { code: 'run-not-found', runId },
    'node-not-found': { code: 'node-not-found', runId, node: 'a', known: ['b'] },
    'node-state': { code: 'node-state', runId, node: 'a', state: 'waiting', wanted: 'x', fix: '' },
    'nothing-to-show': { code: 'nothing-to-show', ...said },
    'wrong-state': { code: 'wrong-state', runId, state: 'failed', wanted: 'over', fix: '' },
    'unknown-provider': { code: 'unknown-provider', provider, known: [] },
    'unknown-profile': { code: 'unknown-profile', provider, profile: 'p', known: [] },
    'profiles-unreadable': { code: 'profiles-unreadable', file, reason },
    'profile-gone': { code: 'profile-gone', provider, profile: 'p', reason },
    'no-worker': { code: 'no-worker', role: 'review', reasons: [reason] },
    'lane-closed': { code: 'lane-closed', role: 'review', lanes: ['codex'], openAt: 0 },
    'cli-missing': { code: 'cli-missing', provider, binary: 'codex', install: null },
    'worker-not-started': { code: 'worker-not-started', provider, command: 'codex', reason },
    'workspace-unwritable': { code: 'workspace-unwritable', folder, reason },
    'file-unreadable': { code: 'file-unreadable', file, reason },
    'disk-full': { code: 'disk-full', file },
    'store-corrupt': { code: 'store-corrupt', file, reason },
    'store-newer': { code: 'store-newer', file, found: 2, known: 1 },
    'store-busy': { code: 'store-busy', file },
    'day-spent': { code: 'day-spent', ceiling: 1, taken: 2 },
    fenced: { code: 'fenced', runId, epoch: 1, newest: 2 },
    'owner-failed': { code: 'owner-failed', runId, reason },
    'owner-missing': { code: 'owner-missing', runId },
    unexpected: { code: 'unexpected', what: reason },
    'addon-missing': { code: 'addon-missing', reason },
    'check-failed': { code: 'check-failed', ...said },
    'host-missing': { code: 'host-missing', hosts: ['Codex'], needs: 'program' },
    'host-refused': { code: 'host-refused', host: 'Codex', what: reason },
    'hosts-refused': { code: 'hosts-refused', reasons: [reason] },
    'install-halted': { code: 'install-halted', done: ['Claude Code'], host: 'Codex', reason },
    'install-busy': { code: 'install-busy', command: 'install', pid: 7, since: 'now' },
    'config-broken': { code: 'config-broken', file, line: 1, what: reason },
    'config-read-only': { code: 'config-read-only', file, reason },
    'entry-foreign': { code: 'entry-foreign', file, command: 'mo' },
    'copy-edited': { code: 'copy-edited', folder },
    'package-incomplete': { code: 'package-incomplete', folder },
  };
}
