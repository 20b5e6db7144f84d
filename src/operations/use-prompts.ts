import { relative } from 'node:path';
import type { z } from 'zod';
import { howToTrust, MoError } from '../core/problem.ts';
import { promptNamed, renderPrompt, versionOf, type PromptText } from '../workflow/prompt-text.ts';
import { loadProjectPrompts, type ProjectPrompts } from '../workflow/prompts.ts';
import type { OperationContext } from './context.ts';
import type { promptsInput, promptsOutput } from './prompts.ts';

type Input = z.output<typeof promptsInput>;
type Answer = z.input<typeof promptsOutput>;

export async function usePrompts(input: Input, context: OperationContext): Promise<Answer> {
  const { root } = await context.project();
  const own = await loadProjectPrompts({ root, env: context.env });
  const untrusted = own.untrusted.slice(0, 20).map(({ file }) => relative(root, file));
  const trouble =
    untrusted.length === 0 ? {} : { untrusted, next: howToTrust(context.surface, 'files') };
  if (input.action === 'list') return { prompts: linesOf(own), ...trouble };
  const prompt = promptNamed(own.pack, nameOf(input));
  if (input.action === 'get') return { ...trouble, ...described(prompt), text: prompt.text };
  const text = bounded(prompt, renderPrompt(prompt, textsOf(input.variables ?? {})));
  return {
    name: prompt.name,
    role: prompt.role,
    version: versionOf([prompt]),
    text,
    ...use(prompt),
  };
}

/** Task texts first: they are what a controller gives out; the rest goes into prompts by itself. */
function linesOf({ pack }: ProjectPrompts): string[] {
  const all = [...pack.values()];
  return [...all.filter(isTask), ...all.filter((one) => !isTask(one))].map((one) => {
    const names = [...one.variables].map(([name, { fallback }]) =>
      fallback === null ? name : `${name}?`,
    );
    const variables = names.length === 0 ? '' : ` (${names.join(', ')})`;
    return `${one.name}${variables}: ${one.description}${one.of === 'mo' ? '' : ' [of this project]'}`;
  });
}

function isTask({ name }: PromptText): boolean {
  return name.startsWith('tasks/');
}

function described(prompt: PromptText): Answer {
  return {
    name: prompt.name,
    role: prompt.role,
    of: prompt.of,
    version: versionOf([prompt]),
    variables: [...prompt.variables].map(([name, { description, fallback }]) => ({
      name,
      description,
      default: fallback,
    })),
  };
}

/** Roles whose work a gate node has to weigh: what they find makes their own node fail where nobody does. */
const judging = new Set(['review', 'security', 'performance', 'compatibility', 'testing']);

function use({ role }: PromptText): Pick<Answer, 'next'> {
  if (role === null) return {};
  const how = judging.has(role)
    ? `task of a node with role ${role}, and a node of kind gate behind it that weighs its findings`
    : `task of run or of a node, with role ${role}`;
  return { next: `Give it as ${how}. Its contract: handoff {action: "template", role: "${role}"}` };
}

function nameOf({ action, name }: Input): string {
  if (name !== undefined) return name;
  throw new MoError({
    code: 'bad-input',
    what: `${action} needs the name of a prompt.`,
    fix: 'Give name; prompts with action list names them all.',
  });
}

/** A list becomes one entry a line. */
function textsOf(given: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map((one) => textOf(name, one)).join('\n') : textOf(name, value),
    ]),
  );
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new MoError({
    code: 'bad-input',
    what: `The value of ${name.slice(0, 64)} is no text.`,
    fix: 'Give a text, a number, or a list of texts.',
  });
}

const mostBytes = 24_000;

/** A prompt in pages would be no prompt. */
function bounded({ name }: PromptText, text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes <= mostBytes) return text;
  throw new MoError({
    code: 'bad-input',
    what: `${name} filled in has ${bytes} bytes; at most ${mostBytes} are given.`,
    fix: 'Put what is long into a file of the repository, and name the file.',
  });
}
