import { z } from 'zod';
import {
  handoffFinding,
  handoffs,
  handoffStatus,
  judgement,
  plan,
  type HandoffStatus,
  type Plan,
} from './contracts.ts';
import { isBlocking, type Finding } from './gate.ts';
import { json, type Json } from './json.ts';
import type { Role } from './names.ts';
import { schemaProblems, showPath } from './schema-problems.ts';

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

export type HandoffCheck = { handoff: Json } | { findings: Finding[] };

/** Whether a value fits the node's own contract, or that of its role. The handoff comes back with gaps filled and unknown keys dropped. */
export function checkHandoff(question: {
  role: Role;
  contract: Json | null;
  value: Json | null;
}): HandoffCheck {
  if (question.value === null) return { findings: [noHandoff] };
  const schema =
    question.contract === null ? handoffs[question.role] : schemaOfContract(question.contract);
  if (schema === null) return { findings: [brokenContract] };
  const result = schema.safeParse(question.value);
  if (!result.success) {
    return {
      findings: schemaProblems(result.error, schema, question.value)
        .slice(0, maxFindings)
        .map(asFinding),
    };
  }
  const handoff = json.parse(result.data);
  return question.contract === null ? settleStatus(handoff) : { handoff };
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

/** null where the contract is the node's own and has no such field. */
export function statusOf(handoff: Json | null): HandoffStatus | null {
  return z.object({ status: handoffStatus }).safeParse(handoff).data?.status ?? null;
}

/** What a worker is told whose handoff does not fit. */
export function repairPrompt(findings: readonly Finding[], contract: Json): string {
  return [
    'Your work is kept, but the handoff at the end of your answer cannot be used:',
    '',
    ...findings.map((one) => `- ${one.title}${one.evidence === '' ? '' : ` ${one.evidence}`}`),
    '',
    'Do not redo the work. Answer again with the whole corrected handoff: one JSON object, in a ```json block, as the last thing you write. It must fit this JSON Schema:',
    '',
    '```json',
    JSON.stringify(contract, null, 1),
    '```',
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

function asFinding(problem: {
  path: readonly (string | number)[];
  what: string;
  fix: string;
}): Finding {
  const place = showPath(problem.path);
  return {
    severity: 'major',
    title: `${place === '' ? 'The handoff' : place} ${problem.what}`,
    file: null,
    line: null,
    evidence: problem.fix,
  };
}

/** Findings decide, not the word in `status`: a reviewer who lists what blocks has not let it pass. */
function settleStatus(handoff: Json): HandoffCheck {
  const { findings } = judgement.partial().safeParse(handoff).data ?? {};
  if (
    findings === undefined ||
    typeof handoff !== 'object' ||
    handoff === null ||
    Array.isArray(handoff)
  ) {
    return { handoff };
  }
  const blocks = findings.some(isBlocking);
  if (blocks && handoff['status'] === 'pass') {
    return { handoff: { ...handoff, status: 'needs_repair' } };
  }
  if (!blocks && handoff['status'] === 'needs_repair') return { findings: [nothingToRepair] };
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
  'minItems',
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
