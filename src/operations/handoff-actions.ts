import { resolve } from 'node:path';
import type { z } from 'zod';
import { extractHandoff, whyNoHandoff } from '../core/extract-handoff.ts';
import { handoffExamples } from '../core/handoff-examples.ts';
import {
  blockingCount,
  checkHandoff,
  contractOf,
  misfitOf,
  repairPrompt,
  statusOf,
} from '../core/handoff.ts';
import type { Json } from '../core/json.ts';
import type { Role } from '../core/names.ts';
import { MoError } from '../core/problem.ts';
import { readTextFile } from '../platform/read-text-file.ts';
import type { OperationContext } from './context.ts';
import type { handoffInput, handoffOutput } from './handoff.ts';
import { readHandoff } from './handoff-read.ts';
import { specOfNode } from './node-spec.ts';

type HandoffInput = z.output<typeof handoffInput>;
type HandoffAnswer = z.input<typeof handoffOutput>;
/** `own`: the node's own contract in place of its role's; null: the role's. */
type Asked = { role: Role; own: Json | null };

export async function useHandoff(
  input: HandoffInput,
  context: OperationContext,
): Promise<HandoffAnswer> {
  switch (input.action) {
    case 'template':
      return template(await askedFor(input, context));
    case 'validate':
      return validate(await askedFor(input, context), await given(input, context));
    case 'repair':
      return repair(await askedFor(input, context), await given(input, context));
    case 'read':
      return readHandoff(input, context);
  }
}

async function askedFor(input: HandoffInput, context: OperationContext): Promise<Asked> {
  if (input.run_id !== undefined) {
    const { role, contract } = await specOfNode(input, context);
    return { role: input.role ?? role, own: input.role === undefined ? contract : null };
  }
  if (input.role !== undefined) return { role: input.role, own: null };
  throw new MoError({
    code: 'bad-input',
    what: `${input.action} needs to know whose contract is meant.`,
    fix: 'Give role, or run_id and node.',
  });
}

function template({ role, own }: Asked): HandoffAnswer {
  if (own !== null) return { role, contract: bounded(own) };
  return { role, contract: contractOf(role), example: handoffExamples[role] };
}

function validate({ role, own }: Asked, value: Value): HandoffAnswer {
  const checked = check({ role, own }, value);
  if ('findings' in checked) {
    const next = `handoff {action: "repair", role: "${role}", handoff} gives the prompt that asks for it again`;
    return { role, ok: false, errors: checked.errors, next };
  }
  const { handoff: fitting } = checked;
  return {
    role,
    ok: true,
    errors: [],
    status: statusOf(fitting),
    blocking_count: blockingCount(fitting),
  };
}

function repair({ role, own }: Asked, value: Value): HandoffAnswer {
  const checked = check({ role, own }, value);
  if ('handoff' in checked)
    return { role, ok: true, status: statusOf(checked.handoff), errors: [] };
  const contract = own === null ? contractOf(role) : bounded(own);
  const text = repairPrompt({ findings: checked.findings, contract, isForced: false });
  return { role, text };
}

type Value = { json: Json } | { answer: string };

function check({ role, own }: Asked, value: Value): ReturnType<typeof checkHandoff> {
  if ('json' in value) return checkHandoff({ role, contract: own, value: value.json });
  const found = extractHandoff(value.answer);
  if (found === null) return misfitOf(whyNoHandoff(value.answer));
  return checkHandoff({ role, contract: own, value: found });
}

/** A text may be the whole answer of a worker, with the handoff somewhere in it. What a surface hands over is JSON already. */
async function given(
  { action, handoff: value, file }: HandoffInput,
  context: OperationContext,
): Promise<Value> {
  if (file !== undefined && value === undefined) return { answer: await answerIn(file, context) };
  if (file === undefined && typeof value === 'string') return { answer: value };
  if (file === undefined && isJson(value)) return { json: value };
  throw new MoError({
    code: 'bad-input',
    what: `${action} needs a handoff${value === undefined ? '' : ', not two'}.`,
    fix: 'Give it as handoff (the JSON object, or the answer of the worker as text), or name a file.',
  });
}

/** Far more than a handoff may have, so that one which is too long is still told what is wrong with it. */
const mostBytes = 16_000_000;

async function answerIn(file: string, { folder }: OperationContext): Promise<string> {
  const read = await readTextFile(resolve(folder, file), mostBytes);
  if ('text' in read) return read.text;
  const why = 'reason' in read ? read.reason : read.error.what;
  throw new MoError({
    code: 'bad-input',
    what: `The handoff ${file} cannot be read: ${why.replace(/\.$/, '')}.`,
    fix: 'Name a text file, relative to the project.',
  });
}

function isJson(value: unknown): value is Json {
  return value !== undefined;
}

const mostContract = 20_000;

function bounded(contract: Json): Json {
  const length = JSON.stringify(contract).length;
  if (length <= mostContract) return contract;
  throw new MoError({
    code: 'nothing-to-show',
    what: `The contract of this node has ${length} characters; at most ${mostContract} are shown.`,
    fix: 'Read `output` of the node in the file of the workflow.',
  });
}
