import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanHandoff, extractHandoff, whyNoHandoff } from '../../src/core/extract-handoff.ts';
import { handoffExamples } from '../../src/core/handoff-examples.ts';
import {
  blockingCount,
  checkHandoff,
  contractError,
  contractOf,
  findingsOf,
  planOf,
  repairPrompt,
  statusOf,
} from '../../src/core/handoff.ts';
import type { Json } from '../../src/core/json.ts';
import { roles, type Role } from '../../src/core/names.ts';
import { strictSchema } from '../../src/core/strict-schema.ts';

const opening = { status: 'pass', summary: 'Done.' };

describe('contracts', () => {
  test.each(roles)('the contract of %s closes every object and asks for every field', (role) => {
    const objects = objectsOf(contractOf(role));
    expect(objects.length).toBeGreaterThan(0);
    for (const one of objects) {
      expect(one['additionalProperties']).toBe(false);
      expect(one['required']).toEqual(Object.keys(propertiesOf(one)));
    }
  });

  test.each(roles)('the least a %s can answer is accepted and filled up', (role) => {
    const checked = check(role, opening);
    const keys = Object.keys(propertiesOf(objectsOf(contractOf(role))[0] ?? {}));
    expect('handoff' in checked ? Object.keys(object(checked.handoff)) : checked).toEqual(keys);
  });

  test.each(roles)('the contract of %s is small, and a CLI can be forced to it', (role) => {
    expect(JSON.stringify(contractOf(role)).length).toBeLessThan(3_500);
    expect(JSON.stringify(contractOf(role))).not.toMatch(/minLength|maxItems|"default"|"pattern"/);
    expect(strictSchema(contractOf(role))).not.toBeNull();
  });

  test.each(roles)('the example of %s fits its contract as it stands', (role) => {
    expect(check(role, handoffExamples[role])).toEqual({ handoff: handoffExamples[role] });
  });

  test.each<[Role, Json, string]>([
    ['testing', { failures: [{ test: 't' }] }, 'failures[0].evidence is missing.'],
    ['testing', { commands: ['npm test'] }, 'commands[0] must be a mapping, not "npm test".'],
    ['review', { findings: [{ severity: 'bad', title: 't', evidence: 'e' }] }, 'findings[0].sev'],
    ['security', { findings: [{ severity: 'info', title: 't', evidence: '' }] }, 'evidence'],
    ['performance', { measurements: [{ name: 'a', before: '5' }] }, 'measurements[0].before'],
    ['compatibility', { checked: [{ platform: 'node', result: 'ok', evidence: 'e' }] }, 'result'],
    ['documentation', { pages: ['docs/a.md'] }, 'pages[0] must be a mapping'],
    ['automation', { set_up: [{ what: 'a job' }] }, 'set_up[0].undo is missing.'],
    ['ops', { set_up: [{ undo: 'delete it' }] }, 'set_up[0].what is missing.'],
    ['requirements', { requirements: [{ id: 'R1' }] }, 'requirements[0].statement is missing.'],
    ['architecture', { decisions: [{ title: 't', choice: 'c' }] }, 'decisions[0].reason'],
    ['supervisor', { recommendations: [{ node: 'a', action: 'b' }] }, 'recommendations[0].reason'],
  ])('a %s says what its role is asked for: %j does not fit', (role, more, title) => {
    const checked = check(role, { ...opening, ...object(more) });
    expect(findings(checked)[0]?.title).toContain(title);
  });

  test('a tester who lists a failure has not let it pass', () => {
    const failures = [{ test: 'adds', evidence: '1 + 1 gives 3' }];
    const checked = check('testing', { ...opening, failures });
    expect('handoff' in checked && statusOf(checked.handoff)).toBe('fail');
  });

  test('what blocks is counted, whatever the handoff claims', () => {
    const all = ['critical', 'major', 'minor', 'info'].map((severity) => ({
      severity,
      title: 't',
      evidence: 'e',
    }));
    const checked = check('review', { ...opening, findings: all, blocking_count: 0 });
    expect('handoff' in checked && blockingCount(checked.handoff)).toBe(2);
  });

  test.each<[string, () => Json, string]>([
    ['5 MB', () => ({ ...opening, notes: 'x'.repeat(5_000_000) }), 'more than 1,000,000 char'],
    ['100,000 findings', () => ({ findings: Array.from({ length: 100_000 }, () => 1) }), '20,000'],
    ['10,000 levels', () => JSON.parse(`${'['.repeat(9_000)}${']'.repeat(9_000)}`), '200 levels'],
    ['__proto__', () => JSON.parse('{"a":[{"__proto__":{"b":1}}]}'), 'a key __proto__'],
    ['constructor', () => JSON.parse('{"constructor":{"b":1}}'), 'a key constructor'],
  ])('a handoff of %s is one clear finding', (_name, value, title) => {
    const found = findings(check('review', value()));
    expect(found).toMatchObject([{ severity: 'major', title: expect.stringContaining(title) }]);
  });

  test('of a thousand mistakes twenty are told', () => {
    const wrong = Array.from({ length: 3_000 }, () => ({ severity: 'huge' }));
    expect(findings(check('review', { ...opening, findings: wrong }))).toHaveLength(20);
  });

  test('what a handoff has beyond its contract is dropped, counts above all', () => {
    const checked = check('review', { ...opening, findings: [], blocking_count: 0 });
    expect(checked).toEqual({ handoff: { ...opening, findings: [] } });
  });

  test('every field that does not fit is named, with what would', () => {
    const checked = check('planner', {
      status: 'ok',
      nodes: [{ name: 'a', role: 'implementaton', task: 3, scope: { allow: 'src' } }, 5],
    });
    expect('findings' in checked ? checked.findings.map((one) => one.title) : checked).toEqual([
      'status "ok" is not possible here.',
      'summary is missing.',
      'nodes[0].role "implementaton" is not possible here.',
      'nodes[0].task must be a text, not 3.',
      'nodes[0].scope.allow must be a list, not "src".',
      'nodes[1] must be a mapping, not 5.',
    ]);
    expect(findings(checked)[2]?.evidence).toMatch(/^Did you mean implementation\?/);
  });

  test('no handoff at all is one clear finding', () => {
    expect(findings(check('testing', null))).toMatchObject([
      { severity: 'major', title: 'The answer ends without a handoff.' },
    ]);
  });

  test('a reviewer who lists what blocks has not let it pass, whatever the status says', () => {
    const bug = { severity: 'critical', title: 'Wrong sum', evidence: '1 + 1 gives 3' };
    const checked = check('review', { ...opening, findings: [bug] });
    expect('handoff' in checked && statusOf(checked.handoff)).toBe('needs_repair');
    expect('handoff' in checked && findingsOf(checked.handoff)).toEqual([
      { ...bug, file: null, line: null },
    ]);
  });

  test('a reviewer who wants repair must say of what', () => {
    const advice = { severity: 'minor', title: 'Long name', evidence: 'x' };
    const checked = check('review', { ...opening, status: 'needs_repair', findings: [advice] });
    expect(findings(checked)[0]?.title).toContain('no finding is critical or major');
  });

  test("a node's own contract takes the place of its role's", () => {
    const contract = {
      type: 'object',
      properties: { version: { type: 'string' } },
      required: ['version'],
      additionalProperties: false,
    };
    const question = { role: 'ops', contract } as const;
    expect(checkHandoff({ ...question, value: { version: '1.2' } })).toEqual({
      handoff: { version: '1.2' },
    });
    expect(findings(checkHandoff({ ...question, value: opening })).length).toBeGreaterThan(0);
  });

  test('a contract that is no JSON Schema is found out and never thrown at the run', () => {
    expect(contractError({ type: 'strange' })).toContain('cannot be used');
    expect(contractError([])).toContain('JSON Schema');
    const checked = checkHandoff({ role: 'ops', contract: { type: 'strange' }, value: {} });
    expect(findings(checked)[0]?.title).toContain('own contract');
  });

  test('checking never throws, whatever a worker answers', () => {
    fc.assert(
      fc.property(fc.constantFrom(...roles), fc.jsonValue(), (role, value) => {
        const checked = check(role, JSON.parse(JSON.stringify(value)));
        expect('handoff' in checked || checked.findings.length > 0).toBe(true);
      }),
    );
  });

  test('a plan is read with its gaps filled', () => {
    const nodes = [{ name: 'a', role: 'testing', task: 'Test.', scope: { allow: ['test/**'] } }];
    expect(planOf({ ...opening, nodes })?.nodes[0]).toEqual({
      name: 'a',
      role: 'testing',
      task: 'Test.',
      needs: [],
      write: true,
      scope: { allow: ['test/**'], deny: [], max_diff_lines: null },
      gates: [],
    });
  });

  test('the repair prompt names every finding and carries the contract', () => {
    const prompt = repairPrompt({
      findings: findings(check('review', {})),
      contract: contractOf('review'),
      isForced: false,
    });
    expect(prompt).toContain('- status is missing.');
    expect(prompt).toContain('"needs_repair"');
  });
});

describe('finding the handoff in an answer', () => {
  const good = { status: 'pass', summary: 'braces } and ``` and "quotes"' };
  const block = ['```json', JSON.stringify(good, null, 2), '```'].join('\n');

  test.each([
    ['a block at the end', `All done.\n\n${block}`],
    ['a block with words behind it', `${block}\nUse {} as before, and {"a": 1}.`],
    ['bare JSON', JSON.stringify(good)],
    ['JSON in a line of prose', `My handoff: ${JSON.stringify(good)} Bye.`],
    ['a brace in prose before it', `The { opens, "so.\n${block}`],
    ['an earlier one', `${block.replace('pass', 'fail')}\nthen\n${block}`],
    ['code before it', `\`\`\`js\nfunction f() { return { status: 1 }; }\n\`\`\`\n${block}`],
    ['other JSON in a block before it', `\`\`\`json\n{"name":"x"}\n\`\`\`\n${block}`],
    ['Windows line ends', block.replaceAll('\n', '\r\n')],
    ['a block that was never closed', block.slice(0, -4)],
    ['a comma too many', block.replace('"\n}', '",\n}')],
    ['comments', block.replace('{', '{ // mine, "so }\n/* { */')],
  ])('is right for %s', (_name, text) => {
    expect(extractHandoff(text)).toEqual(good);
  });

  test.each([
    ['nothing', ''],
    ['prose', 'I am done { really }.'],
    ['JSON that is cut off', '```json\n{"status": "pass", "summary": "x'],
    ['what only looks like JSON', "```\n{status: 'pass', findings: [{'a': 1}]}\n```"],
    ['a list', '[1, 2]'],
  ])('there is none in %s', (_name, text) => {
    expect(extractHandoff(text)).toBeNull();
  });

  test('of several in one paragraph the last counts', () => {
    const earlier = JSON.stringify({ ...good, status: 'fail' });
    expect(extractHandoff(`First ${earlier}, now ${JSON.stringify(good)}.`)).toEqual(good);
  });

  test('a fragment of broken JSON is not taken for the answer', () => {
    expect(extractHandoff('{"status": "pass", bad, "findings": [{"title": "x"}]}')).toBeNull();
  });

  test('keys that reach a prototype are dropped', () => {
    const found = extractHandoff(
      '{"status":"pass","__proto__":{"a":1},"x":{"constructor":{"b":2}}}',
    );
    expect(JSON.stringify(found)).toBe('{"status":"pass","x":{}}');
    expect(object(found)['a']).toBeUndefined();
  });

  test('commas and slashes inside texts are left as they are', () => {
    const value = { status: 'pass', summary: 'a,] ,} // no /* comment */ https://x' };
    const text = `${JSON.stringify(value).slice(0, -1)},}`;
    expect(extractHandoff(text)).toEqual(value);
  });

  test('why there is none is told: no JSON, broken JSON, too long', () => {
    expect(whyNoHandoff('I am done.').title).toBe('The answer ends without a handoff.');
    const broken = whyNoHandoff('```json\n{"status": "pass" "summary": "x"}\n```');
    expect(broken.evidence).toContain('The parser says: ');
    expect(whyNoHandoff(`{"status":"${'x'.repeat(1_000_000)}`).title).toContain('1,000,000');
  });

  test('an answer that came as JSON is cleaned too, and one without a bottom is none', () => {
    expect(cleanHandoff(JSON.parse('{"a":{"constructor":1,"b":2}}'))).toEqual({ a: { b: 2 } });
    expect(cleanHandoff(JSON.parse(`${'['.repeat(9_000)}${']'.repeat(9_000)}`))).toBeNull();
  });

  test.each([
    ['comments', '{//'.repeat(1_000_000)],
    ['comment ends', '{/*'.repeat(1_000_000)],
    ['commas', `{${',\n'.repeat(1_000_000)}`],
    ['open braces', '{'.repeat(3_000_000)],
    ['nested openings', '{"a":['.repeat(500_000)],
    ['fences', '```\n'.repeat(500_000)],
    ['quotes', '{"'.repeat(1_000_000)],
    ['deep nesting', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
  ])('hostile text ends: %s', { timeout: 10_000 }, (_name, text) => {
    expect(extractHandoff(text)).toBeNull();
  });

  test('of a handoff that is too long no part is taken for the whole', () => {
    const one = { severity: 'minor', title: 't', evidence: 'e'.repeat(50) };
    const many = JSON.stringify({
      status: 'pass',
      findings: Array.from({ length: 70_000 }, () => one),
    });
    expect(extractHandoff(many)).toBeNull();
    expect(whyNoHandoff(many).title).toContain('more than 1,000,000 characters');
  });

  test('of an answer that is too long the end counts', () => {
    expect(extractHandoff(`${'x'.repeat(6_000_000)}\n${block}`)).toEqual(good);
  });

  test('whatever stands around it in prose, the handoff is found', () => {
    const prose = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[`~{}"]/g, ''));
    fc.assert(
      fc.property(prose, prose, fc.string(), (before, after, summary) => {
        const handoff = { status: 'pass', summary };
        const text = `${before}\n\`\`\`json\n${JSON.stringify(handoff)}\n\`\`\`\n${after}`;
        expect(extractHandoff(text)).toEqual(handoff);
      }),
    );
  });
});

function check(role: Role, value: Json | null): ReturnType<typeof checkHandoff> {
  return checkHandoff({ role, contract: null, value });
}

function findings(checked: ReturnType<typeof checkHandoff>) {
  return 'findings' in checked ? checked.findings : [];
}

function object(value: Json): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function propertiesOf(schema: { [key: string]: Json }): { [key: string]: Json } {
  return object(schema['properties'] ?? null);
}

/** Every schema of an object in it, the outermost first. */
function objectsOf(schema: Json): { [key: string]: Json }[] {
  if (Array.isArray(schema)) return schema.flatMap(objectsOf);
  const one = object(schema);
  return [...(one['type'] === 'object' ? [one] : []), ...Object.values(one).flatMap(objectsOf)];
}
