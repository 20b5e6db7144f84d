import { expect, test } from 'vitest';
import { asCommands } from '../../src/cli/as-commands.ts';
import { operations } from '../../src/operations/operations.ts';

test.each([
  ['output {run_id: "r-7", part: "report"}', 'mo output r-7 --part report'],
  ['workflow_control {run_id: "r-7", action: "resume"}', 'mo workflow control r-7 resume'],
  [
    'To do it: project_apply {action: "clean", dry_run: false}',
    'To do it: mo project apply clean --no-dry-run',
  ],
  ['land {run_id: "r-7", how: "merge", confirm: true}', 'mo land r-7 --how merge --confirm'],
  ['poll {run_id: "r-7", since: "12.0.3"}', 'mo poll r-7 --since 12.0.3'],
  ['handoff {role: "review"}', 'mo handoff --role review'],
  ['health {}', 'mo health'],
])('%s', (call, command) => {
  expect(asCommands(call, operations)).toBe(command);
});

test.each([
  'send {run_id: "r-7", answer: {decision}}',
  'unknown {run_id: "r-7"}',
  'output {run_id}',
  'a map {of: things} is no call',
])('what is no call stays as it is: %s', (text) => {
  expect(asCommands(text, operations)).toBe(text);
});
