import { expect, test } from 'vitest';
import { handoffText } from '../../src/core/handoff-text.ts';

test('a handoff is its status and summary, then its fields; what is empty says so', () => {
  const text = handoffText({
    status: 'pass',
    summary: 'They agree on most.',
    agreements: ['it is small'],
    conflicts: [
      {
        about: 'the cache',
        sides: [
          { role: 'security', says: 'it leaks' },
          { role: 'performance', says: 'we need it\nat night' },
        ],
      },
    ],
    open_questions: [],
  });
  expect(text.split('\n')).toEqual([
    'pass: They agree on most.',
    '',
    '## Agreements',
    '',
    '- it is small',
    '',
    '## Conflicts',
    '',
    '- the cache',
    '  - security: it leaks',
    '  - performance: we need it',
    '    at night',
    '',
    '## Open questions: none',
  ]);
});

test('a finding is its severity, place and title, with what else is said of it below', () => {
  const found = {
    title: 'leak',
    severity: 'major',
    file: 'src/a.ts',
    line: 7,
    evidence: 'seen',
    by: ['claude', 'codex'],
  };
  expect(
    handoffText({ confirmed: [found] })
      .split('\n')
      .slice(2),
  ).toEqual(['- major src/a.ts:7: leak', '  - evidence: seen', '  - by: claude, codex']);
});

test('what a worker wrote cannot move the cursor of a terminal', () => {
  const text = handoffText({ summary: 'a\u001b[2Jb', 'na\u0007me': ['c\u009bd'] });
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});
