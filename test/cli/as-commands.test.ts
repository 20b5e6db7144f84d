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
  [
    'send {run_id: "r-7", answer: {request: "approval:ask1", decision: "yes"}}',
    'mo send r-7 --answer-request approval:ask1 --answer-decision yes',
  ],
  ['send {run_id: "r-7", answer: {decision}}', 'mo send r-7 --answer-decision <decision>'],
  [
    'workflow_run {recipe: "do", inputs: {goal: "..."}}',
    `mo workflow run --recipe do --inputs '{"goal":"..."}'`,
  ],
  [
    '[handoff {action: "repair", role: "review", handoff} gives the prompt]',
    '[mo handoff repair <handoff> --role review gives the prompt]',
  ],
  ['run {task: "say \\"yes\\"", gates: ["npm test"]}', `mo run 'say "yes"' --gates 'npm test'`],
  [
    'poll {run_id: "r-7"}, or stop {run_id: "r-7", force: true}',
    'mo poll r-7, or mo stop r-7 --force',
  ],
  ['output {run_id}', 'mo output <run-id>'],
])('%s', (call, command) => {
  expect(asCommands(call, operations)).toBe(command);
});

test.each([
  'unknown {run_id: "r-7"}',
  'output {run_id: "r-7"',
  'run {…} and output {text: }',
  'a map {of: things} is no call',
])('what is no call stays as it is: %s', (text) => {
  expect(asCommands(text, operations)).toBe(text);
});
