import { Command } from 'commander';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { flagsOf, inputOf } from '../../src/cli/flags.ts';

const input = z.strictObject({
  run_id: z.string().describe('The run'),
  wait_s: z.number().default(25),
  detail: z.enum(['summary', 'nodes']).default('summary'),
  force: z.boolean().default(false),
  dry_run: z.boolean().default(true).meta({ description: 'show only', off: 'do it' }),
  gates: z.array(z.string()).optional(),
  budget: z.strictObject({ usd: z.number().optional() }).optional(),
  scope: z.strictObject({ allow: z.array(z.string()).optional() }).optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
});

function parsed(...argv: string[]): Record<string, unknown> {
  const flags = flagsOf(input);
  const command = new Command('x').exitOverride().configureOutput({ writeErr: () => {} });
  for (const { option } of flags) command.addOption(option);
  command.parse(argv, { from: 'user' });
  return inputOf(flags, command.opts());
}

test('nothing on the command line is nothing in the input, so the defaults of the schema count', () => {
  expect(parsed()).toEqual({});
});

test.each([
  [['--run-id', 'r-7'], { run_id: 'r-7' }],
  [['--wait-s', '3'], { wait_s: 3 }],
  [['--detail', 'nodes'], { detail: 'nodes' }],
  [['--force'], { force: true }],
  [['--dry-run'], { dry_run: true }],
  [['--no-dry-run'], { dry_run: false }],
  [['--dry-run', '--no-dry-run'], { dry_run: false }],
  [['--gates', 'npm test', '--gates', 'npm run lint'], { gates: ['npm test', 'npm run lint'] }],
  [['--budget', '{"usd":2}'], { budget: { usd: 2 } }],
  [['--budget-usd', '2'], { budget: { usd: 2 } }],
  [['--budget.usd', '2'], { budget: { usd: 2 } }],
  [['--scope-allow', 'src/**', '--scope-allow', 'x'], { scope: { allow: ['src/**', 'x'] } }],
  [['--inputs', '{"goal":"a b"}'], { inputs: { goal: 'a b' } }],
])('%j is the input %j', (argv, expected) => {
  expect(parsed(...argv)).toEqual(expected);
  expect(input.partial().safeParse(parsed(...argv)).success).toBe(true);
});

test('a number that is none stays as it was typed, for the schema to name', () => {
  expect(parsed('--wait-s', 'soon')).toEqual({ wait_s: 'soon' });
});

test('a choice that does not exist stays as it was typed, for the schema to name the nearest', () => {
  expect(parsed('--detail', 'nods')).toEqual({ detail: 'nods' });
});

test('every flag says what it means and what is taken without it', () => {
  const help = new Command('x');
  for (const { option } of flagsOf(input)) help.addOption(option);
  expect(help.helpInformation()).toContain('--run-id <text>');
  expect(help.helpInformation()).toMatch(/--dry-run\s+show only/);
  expect(help.helpInformation()).toMatch(/--no-dry-run\s+do it/);
  expect(help.helpInformation()).toMatch(/--wait-s <number>\s+wait .*\(default:\s25\)/s);
});
