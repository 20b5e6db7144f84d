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
  evidence: z.string().describe('What shows it: the code, the output, the input that breaks it.'),
});

const work = z.object({
  ...opening,
  changed_files: texts.describe('Paths you changed, relative to the repository.'),
  commands: z
    .array(z.object({ command: z.string().min(1), exit_code: z.number().int() }))
    .default([])
    .describe('Commands you ran to check the work, with the exit code you saw.'),
  notes: z
    .string()
    .nullable()
    .default(null)
    .describe('What is open, risky or surprising; else null'),
});

export const judgement = z.object({
  ...opening,
  findings: z.array(handoffFinding).default([]).describe('Empty when nothing is wrong.'),
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
        acceptance: texts.describe('How one can tell that it is met'),
      }),
    )
    .default([]),
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
  risks: texts,
});

const supervision = z.object({
  ...opening,
  findings: z.array(handoffFinding).default([]),
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
  implementation: work,
  testing: work,
  review: judgement,
  security: judgement,
  performance: judgement,
  compatibility: judgement,
  documentation: work,
  automation: work,
  ops: work,
  planner: plan,
  supervisor: supervision,
} as const satisfies Record<Role, z.ZodObject>;

/** What a planner answers. */
export type Plan = z.infer<typeof plan>;
