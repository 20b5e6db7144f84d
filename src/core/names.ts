import { z } from 'zod';

/** A node name becomes a folder, a branch and a file name, so it may hold nothing that any of them treats specially. */
export const nodeName = z
  .string()
  .regex(/^[a-z0-9_-]{1,64}$/, 'a node name has 1 to 64 of the characters a-z, 0-9, - and _');

/** Names of nodes that would mean something else wherever a node is named. */
const reserved: ReadonlyMap<string, string> = new Map([
  ['inputs', 'in an expression it means the inputs of the run'],
  ['run', 'in an expression it means the run itself'],
  ['nodes', 'in an expression it means all nodes'],
  ['person', 'events say so where a person decided'],
  ['when', 'events say so where a node was skipped by its when'],
  ['verify', 'rounds of review, questions and receipts say so for the run as a whole'],
]);

/** Why no node may be called so; null where one may. */
export function reservedName(name: string): { what: string; fix: string } | null {
  const why = reserved.get(name);
  if (why === undefined) return null;
  return {
    what: `no node can be called ${name}: ${why}.`,
    fix: `Use another name, such as ${name}-1, here and in the needs of others.`,
  };
}

/** `r-7-add-jwt`: a number that grows per project and the first words of the goal. */
export const runId = z
  .string()
  .regex(/^r-[0-9]+(-[a-z0-9-]{1,40})?$/, 'a run id looks like r-7-add-jwt');

export const roles = [
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
  'supervisor',
] as const;

export const role = z.enum(roles);
export type Role = z.infer<typeof role>;

/** Lower-case words of the text joined by dashes, at most 40 characters; empty when there are none. */
export function slug(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 40)
    .replace(/-[^-]*$/, (tail) => (text.length > 40 ? '' : tail))
    .replace(/-+$/, '');
}
