import { z } from 'zod';
import { finding } from './gate.ts';
import type { Role } from './names.ts';

/** `pass`: done. `fail`: done, and the answer is no. `needs_repair`: the work has to change first. `blocked`: could not be done. */
export const handoffStatus = z.enum(['pass', 'fail', 'blocked', 'needs_repair']);
export type HandoffStatus = z.infer<typeof handoffStatus>;

const opening = {
  status: handoffStatus.describe(
    'pass: done and true. fail: done, and the answer is no. needs_repair: the work must change first. blocked: it could not be done.',
  ),
  summary: z.string().min(1).describe('What the next reader has to know, in a few sentences.'),
};

const texts = z.array(z.string()).default([]);

export const handoffFinding = z.object({
  severity: finding.shape.severity.describe(
    'critical and major must be mended before the work is accepted; minor and info are advice',
  ),
  title: z.string().min(1).describe('One line that says what is wrong.'),
  file: finding.shape.file
    .default(null)
    .describe(
      'The file that has to change, relative to the repository; null when it is no one file',
    ),
  line: finding.shape.line.default(null).describe('Line in that file, counted from 1, or null'),
  evidence: z
    .string()
    .min(1)
    .describe('What shows it: the code, the output, the input that breaks it.'),
});

/** Checked against git and the events of the worker; see `claims.ts`. */
const done = {
  changed_files: texts.describe('Paths you changed, relative to the repository.'),
  commands: z
    .array(z.object({ command: z.string().min(1), exit_code: z.number().int() }))
    .default([])
    .describe('Commands you ran to check the work, as you ran them, with the exit code you saw.'),
};
const notes = z
  .string()
  .nullable()
  .default(null)
  .describe('What is open, risky or surprising; else null');

const implementation = z.object({ ...opening, ...done, notes });

const testing = z.object({
  ...opening,
  ...done,
  failures: z
    .array(
      z.object({
        test: z.string().min(1).describe('Its name, or the command that fails'),
        file: z.string().nullable().default(null),
        line: z.number().int().nullable().default(null),
        evidence: z.string().min(1).describe('What was expected and what came'),
      }),
    )
    .default([])
    .describe('Every test that fails; status is then fail.'),
  notes,
});

const documentation = z.object({
  ...opening,
  ...done,
  pages: z
    .array(
      z.object({
        path: z.string().min(1),
        change: z.enum(['new', 'changed', 'removed', 'checked']),
        about: z.string().min(1).describe('The question it answers'),
      }),
    )
    .default([]),
  notes,
});

const setUp = z.object({
  ...opening,
  ...done,
  set_up: z
    .array(
      z.object({
        what: z.string().min(1).describe('What now runs or is configured, and where'),
        undo: z.string().min(1).describe('How to take it back'),
      }),
    )
    .default([]),
  notes,
});

const findings = z.array(handoffFinding).default([]).describe('Empty when nothing is wrong.');

const judgement = z.object({ ...opening, findings });

const performance = z.object({
  ...opening,
  findings,
  measurements: z
    .array(
      z.object({
        name: z.string().min(1),
        before: z.number().nullable().default(null),
        after: z.number().nullable().default(null),
        unit: z.string().min(1).describe('ms, MB, requests/s'),
        command: z.string().nullable().default(null).describe('The command that measured it'),
      }),
    )
    .default([])
    .describe('Measured, not estimated; null for a side that was not measured.'),
});

const compatibility = z.object({
  ...opening,
  findings,
  checked: z
    .array(
      z.object({
        platform: z.string().min(1).describe('node, linux, an API, a file format'),
        version: z.string().nullable().default(null),
        result: z.enum(['works', 'breaks', 'not_checked']),
        evidence: z.string().min(1),
      }),
    )
    .default([]),
});

const plannedNode = z.object({
  name: z.string().describe('1 to 64 of a-z, 0-9, - and _; used once'),
  role: z
    .enum([
      'requirements',
      'architecture',
      'implementation',
      'testing',
      'review',
      'security',
      'performance',
      'compatibility',
      'documentation',
      'automation',
      'ops',
      'planner',
    ])
    .describe(
      'The kind of work; planner only where a part cannot be planned before others are done',
    ),
  task: z.string().min(1).describe('All the worker needs to know; it sees no other node.'),
  needs: z.array(z.string()).default([]).describe('Nodes that must be finished first'),
  write: z.boolean().default(true).describe('false for a node that only reads'),
  scope: z
    .object({
      allow: z.array(z.string()).describe('Globs of the paths it may change'),
      deny: texts.describe('Exceptions from allow'),
      max_diff_lines: z.number().int().positive().nullable().default(null),
    })
    .nullable()
    .default(null)
    .describe('Required for a node that writes; null for one that reads'),
  gates: z
    .array(z.object({ command: z.string().min(1) }))
    .default([])
    .describe('Commands from the offered list that must pass for this node'),
});
export type PlannedNode = z.infer<typeof plannedNode>;

export const plan = z.object({
  ...opening,
  nodes: z.array(plannedNode).default([]).describe('The nodes to run; empty only when blocked.'),
});

const requirements = z.object({
  ...opening,
  requirements: z
    .array(
      z.object({
        id: z.string().min(1).describe('Short, such as R1'),
        statement: z.string().min(1),
        source: z
          .enum(['goal', 'code', 'assumed'])
          .default('assumed')
          .describe('goal: the user said so. code: it follows from the code.'),
        acceptance: texts.describe('How one can tell that it is met'),
      }),
    )
    .default([]),
  assumptions: texts.describe('What you take for granted where the goal leaves it open'),
  questions: texts.describe('What only the user can decide'),
});

const architecture = z.object({
  ...opening,
  decisions: z
    .array(
      z.object({ title: z.string().min(1), choice: z.string().min(1), reason: z.string().min(1) }),
    )
    .default([]),
  contracts: z
    .array(z.object({ name: z.string().min(1), definition: z.string().min(1) }))
    .default([])
    .describe('Interfaces, signatures and formats that others must keep to'),
  files: texts.describe('Paths that will change'),
  risks: texts,
});

const supervision = z.object({
  ...opening,
  findings,
  recommendations: z
    .array(
      z.object({
        node: z.string().nullable().default(null),
        action: z.string().min(1),
        reason: z.string().min(1),
      }),
    )
    .default([]),
});

/** What each role answers with. Unknown keys are dropped; what can be left out has a default. */
export const handoffs = {
  requirements,
  architecture,
  implementation,
  testing,
  review: judgement,
  security: judgement,
  performance,
  compatibility,
  documentation,
  automation: setUp,
  ops: setUp,
  planner: plan,
  supervisor: supervision,
} as const satisfies Record<Role, z.ZodObject>;

/** What a planner answers. */
export type Plan = z.infer<typeof plan>;
