import { z } from 'zod';
import {
  handoffFinding,
  handoffs,
  handoffStatus,
  plan,
  type HandoffStatus,
  type Plan,
} from './contracts.ts';
import { isBlocking, type Finding } from './gate.ts';
import { boundsFinding } from './handoff-bounds.ts';
import { json, type Json } from './json.ts';
import type { Role } from './names.ts';
import { schemaProblems, showPath } from './schema-problems.ts';
import { withoutFillers } from './strict-schema.ts';

/**
 * JSON Schema (draft 2020-12) of the handoff of a role. It asks for every field, closed, so that CLIs that can be forced to a schema
 * take it; `checkHandoff` forgives what can be left out.
 */
export function contractOf(role: Role): Json {
  const made = contracts.get(role);
  if (made !== undefined) return made;
  const contract = withoutNoise(json.parse(z.toJSONSchema(handoffs[role], { io: 'output' })));
  contracts.set(role, contract);
  return contract;
}

/** One thing that does not fit. `field`: `findings[2].line`; empty for the whole. */
export type HandoffError = { field: string; what: string; fix: string };

export type HandoffCheck = { handoff: Json } | { findings: Finding[]; errors: HandoffError[] };

/** What is wrong with a handoff as a whole. */
export function misfitOf(...findings: Finding[]): Extract<HandoffCheck, { findings: unknown }> {
  const errors = findings.map(({ title, evidence }) => ({ field: '', what: title, fix: evidence }));
  return { findings, errors };
}

/** Whether a value fits the node's own contract, or that of its role. The handoff comes back with gaps filled and unknown keys dropped. */
export function checkHandoff(question: {
  role: Role;
  contract: Json | null;
  value: Json | null;
}): HandoffCheck {
  const { role, contract, value } = question;
  if (value === null) return misfitOf(noHandoff);
  const bounds = boundsFinding(value);
  if (bounds !== null) return misfitOf(bounds);
  const schema = contract === null ? handoffs[role] : schemaOfContract(contract);
  if (schema === null) return misfitOf(brokenContract);
  const filled = withoutFillers(contract ?? contractOf(role), value);
  const result = schema.safeParse(filled);
  if (!result.success) {
    const errors = problemsOf(result.error, schema, filled);
    return { findings: errors.map(asFinding), errors };
  }
  const handoff = json.parse(result.data);
  return contract === null ? settleStatus(handoff) : { handoff };
}

/** Why a JSON Schema cannot be used as a contract, one sentence; null when it can. */
export function contractError(contract: Json): string | null {
  const schema = contractDoor.safeParse(contract);
  if (!schema.success) return 'a contract is a JSON Schema: a mapping such as { type: object, … }.';
  try {
    z.fromJSONSchema(schema.data);
    return null;
  } catch (cause) {
    return `this JSON Schema cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`;
  }
}

export function planOf(handoff: Json): Plan | null {
  return plan.safeParse(handoff).data ?? null;
}

/** The findings of a handoff, whatever its role; empty where there are none. Counts are taken from here, never from what a worker claims. */
export function findingsOf(handoff: Json | null): Finding[] {
  return z.object({ findings: z.array(handoffFinding) }).safeParse(handoff).data?.findings ?? [];
}

/** How many of its findings have to be mended before the work is accepted. */
export function blockingCount(handoff: Json | null): number {
  return findingsOf(handoff).filter(isBlocking).length;
}

/** null where the contract is the node's own and has no such field. */
export function statusOf(handoff: Json | null): HandoffStatus | null {
  return z.object({ status: handoffStatus }).safeParse(handoff).data?.status ?? null;
}

/** What a worker is told whose handoff does not fit. `isForced`: its CLI forces the answer into the contract. */
export function repairPrompt(question: {
  findings: readonly Finding[];
  contract: Json;
  isForced: boolean;
}): string {
  const form = question.isForced
    ? 'one JSON object and no other text'
    : 'one JSON object, in a ```json block, as the last thing you write';
  return [
    'Your work is kept, but the handoff at the end of your answer cannot be used:',
    '',
    ...question.findings.map(
      (one) => `- ${one.title}${one.evidence === '' ? '' : ` ${one.evidence}`}`,
    ),
    '',
    `Do not redo the work and change no file. Answer again with the whole corrected handoff: ${form}. It must fit this JSON Schema:`,
    '',
    '```json',
    JSON.stringify(question.contract, null, 1),
    '```',
    '',
  ].join('\n');
}

const maxFindings = 20;
const contracts = new Map<Role, Json>();
const contractDoor = z.custom<z.core.JSONSchema.JSONSchema>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

const noHandoff: Finding = {
  severity: 'major',
  title: 'The answer ends without a handoff.',
  file: null,
  line: null,
  evidence: 'A handoff is one JSON object in a ```json block, the last thing of the answer.',
};

const brokenContract: Finding = {
  severity: 'major',
  title: "The node's own contract is no JSON Schema that can be checked.",
  file: null,
  line: null,
  evidence: 'Mend `output` of this node in the workflow file.',
};

function schemaOfContract(contract: Json): z.ZodType | null {
  return contractError(contract) === null ? z.fromJSONSchema(contractDoor.parse(contract)) : null;
}

/** Of an answer with a hundred thousand mistakes the first ones are looked at. */
function problemsOf(error: z.ZodError, schema: z.ZodType, value: Json): HandoffError[] {
  const first = new z.ZodError(error.issues.slice(0, maxFindings));
  return schemaProblems(first, schema, value)
    .slice(0, maxFindings)
    .map(({ path, what, fix }) => ({ field: showPath(path), what, fix }));
}

function asFinding({ field, what, fix }: HandoffError): Finding {
  return {
    severity: 'major',
    title: `${field === '' ? 'The handoff' : field} ${what}`,
    file: null,
    line: null,
    evidence: fix,
  };
}

/** What is listed decides, not the word in `status`: who lists what blocks, or a test that fails, has not let it pass. */
function settleStatus(handoff: Json): HandoffCheck {
  if (typeof handoff !== 'object' || handoff === null || Array.isArray(handoff)) return { handoff };
  const { status, findings, failures } = handoff;
  if (status === 'pass' && Array.isArray(failures) && failures.length > 0) {
    return { handoff: { ...handoff, status: 'fail' } };
  }
  if (!Array.isArray(findings)) return { handoff };
  const blocks = blockingCount(handoff) > 0;
  if (blocks && status === 'pass') return { handoff: { ...handoff, status: 'needs_repair' } };
  if (!blocks && status === 'needs_repair') return misfitOf(nothingToRepair);
  return { handoff };
}

const nothingToRepair: Finding = {
  severity: 'major',
  title: 'status is needs_repair, but no finding is critical or major.',
  file: null,
  line: null,
  evidence: 'List what has to change as critical or major findings, or answer with status pass.',
};

/** Bounds are checked here and described in words: several CLIs refuse a schema that carries them. */
const noise = new Set([
  '$schema',
  'default',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'exclusiveMinimum',
]);

function withoutNoise(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(withoutNoise);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => !noise.has(key))
      .map(([key, value]) => [key, withoutNoise(value)]),
  );
}
