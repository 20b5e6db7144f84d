import type { Json } from './json.ts';
import type { Role } from './names.ts';

/** A handoff of each role as a good worker would give it. Each fits its contract; the docs and the templates show them. */
export const handoffExamples: Readonly<Record<Role, { [field: string]: Json }>> = {
  requirements: {
    status: 'pass',
    summary: 'Three endpoints take a body and none checks it. Two requirements follow.',
    requirements: [
      {
        id: 'R1',
        statement: 'When a required field is missing, POST /orders shall answer 400.',
        source: 'goal',
        acceptance: ['POST /orders with {} answers 400 and names the field'],
      },
      {
        id: 'R2',
        statement: 'Errors shall keep the shape { errors: [{ field, message }] }.',
        source: 'code',
        acceptance: ['test/errors.test.js passes unchanged'],
      },
    ],
    assumptions: ['Unknown fields are refused.'],
    questions: ['Is a body of 1 MB to be taken? Assumed: no.'],
  },
  architecture: {
    status: 'pass',
    summary: 'One validator module, called by every endpoint.',
    decisions: [
      {
        title: 'Where to validate',
        choice: 'In each route, with a shared function',
        reason: 'The routes already parse their body; a middleware would need a registry.',
      },
    ],
    contracts: [
      {
        name: 'validate',
        definition: 'validate(schema, body): { ok: true, value } | { ok: false, errors }',
      },
    ],
    files: ['src/validate.js', 'src/routes/orders.js'],
    risks: ['Clients that send unknown fields today will get 400.'],
  },
  implementation: {
    status: 'pass',
    summary: 'POST /orders checks its body with the shared validator.',
    changed_files: ['src/routes/orders.js', 'test/orders.test.js'],
    commands: [{ command: 'npm test', exit_code: 0 }],
    notes: null,
  },
  testing: {
    status: 'fail',
    summary: 'A count of 0 is taken although it must be at least 1.',
    changed_files: ['test/orders-input.test.js'],
    commands: [{ command: 'node --test test/orders-input.test.js', exit_code: 1 }],
    failures: [
      {
        test: 'a count of 0 is refused',
        file: 'test/orders-input.test.js',
        line: 14,
        evidence: 'POST /orders with {"item":"pen","count":0}: expected 400, got 201',
      },
    ],
    notes: null,
  },
  review: {
    status: 'needs_repair',
    summary: 'The lower bound of count is missing; the rest does what the goal asks.',
    findings: [
      {
        severity: 'major',
        title: 'A count of 0 is taken',
        file: 'src/validate.js',
        line: 21,
        evidence: 'validate({count: {min: 1}}, {count: 0}) gives ok: true',
      },
    ],
  },
  security: {
    status: 'needs_repair',
    summary: 'The search term reaches the query unescaped.',
    findings: [
      {
        severity: 'critical',
        title: 'SQL injection through ?q=',
        file: 'src/search.js',
        line: 8,
        evidence: "GET /search?q=' OR 1=1 -- returns every row: q is joined into the statement",
      },
    ],
  },
  performance: {
    status: 'pass',
    summary: 'The list endpoint no longer asks once for every row.',
    findings: [],
    measurements: [
      {
        name: 'GET /lists, 1,000 rows',
        before: 840,
        after: 31,
        unit: 'ms',
        command: 'npm run bench',
      },
    ],
  },
  compatibility: {
    status: 'pass',
    summary: 'Nothing that others rely on has changed but one default.',
    findings: [
      {
        severity: 'minor',
        title: 'The default page size went from 50 to 20',
        file: 'CHANGELOG.md',
        line: null,
        evidence: 'src/list.js: const size = query.size ?? 20; there is no entry in the changelog',
      },
    ],
    checked: [
      { platform: 'node', version: '20.20', result: 'works', evidence: 'npm test: 214 passed' },
      { platform: 'windows', version: null, result: 'not_checked', evidence: 'no such machine' },
    ],
  },
  documentation: {
    status: 'pass',
    summary: 'The validation rules are documented where the endpoints are.',
    changed_files: ['docs/api.md'],
    commands: [],
    pages: [{ path: 'docs/api.md', change: 'changed', about: 'What a body must hold' }],
    notes: null,
  },
  automation: {
    status: 'pass',
    summary: 'CI runs the tests on every pull request.',
    changed_files: ['.ci/test.sh'],
    commands: [{ command: 'sh .ci/test.sh', exit_code: 0 }],
    set_up: [
      {
        what: '.ci/test.sh: installs, lints and tests; safe to run twice',
        undo: 'Delete .ci/test.sh and its line in the pipeline',
      },
    ],
    notes: null,
  },
  ops: {
    status: 'pass',
    summary: 'The service has a health check with a time limit of 2 s.',
    changed_files: ['deploy/service.yaml'],
    commands: [{ command: 'kubeconform deploy/service.yaml', exit_code: 0 }],
    set_up: [
      {
        what: 'deploy/service.yaml: livenessProbe on /health',
        undo: 'Remove livenessProbe and deploy again',
      },
    ],
    notes: 'Not tried on a cluster.',
  },
  planner: {
    status: 'pass',
    summary: 'A shared validator first; the endpoint then uses it.',
    nodes: [
      {
        name: 'validator',
        role: 'implementation',
        task: 'Add src/validate.js with validate(schema, body); test it in test/validate.test.js.',
        needs: [],
        write: true,
        scope: {
          allow: ['src/validate.js', 'test/validate.test.js'],
          deny: [],
          max_diff_lines: null,
        },
        gates: [],
      },
      {
        name: 'orders',
        role: 'implementation',
        task: 'In src/orders.js, answer 400 with { errors } when validate(schema, body) says so.',
        needs: ['validator'],
        write: true,
        scope: { allow: ['src/orders.js', 'test/orders.test.js'], deny: [], max_diff_lines: 200 },
        gates: [{ command: 'npm test' }],
      },
    ],
  },
  supervisor: {
    status: 'pass',
    summary: 'Two nodes are done; lists waits for a decision that nobody has made.',
    findings: [],
    recommendations: [
      {
        node: 'lists',
        action: 'Start it again with a body limit of 100 kB in its task.',
        reason: 'It has asked twice for the limit and stopped.',
      },
    ],
  },
};
