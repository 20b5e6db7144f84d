import { z } from 'zod';

/** One thing a gate found wrong. `line` counts from 1. */
export const finding = z.object({
  severity: z.enum(['critical', 'major', 'minor', 'info']),
  title: z.string(),
  file: z.string().nullable(),
  line: z.number().int().nullable(),
  evidence: z.string(),
});
export type Finding = z.infer<typeof finding>;

/** The answer of one gate. `evidence` is a file under the run's folder, relative to it, or null when there is nothing to read. */
export const verdict = z.object({
  gate: z.enum([
    'handoff',
    'scope',
    'secrets',
    'syntax',
    'command',
    'judge',
    'baseline',
    'expression',
  ]),
  /** The command of a command gate, the expression of a gate node; else the gate's name. */
  name: z.string(),
  pass: z.boolean(),
  findings: z.array(finding),
  evidence: z.string().nullable(),
  durationMs: z.number().nonnegative(),
});
export type Verdict = z.infer<typeof verdict>;

/** Critical and major findings block; the rest is advice. */
export function isBlocking(one: Finding): boolean {
  return one.severity === 'critical' || one.severity === 'major';
}
