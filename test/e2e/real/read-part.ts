import type { ModelRequest } from '../../../src/selftest/model-servers/model-script.ts';

/** Which part of a run the model is asked to play, read from the prompt that mo composed. */
export type Part =
  | { role: 'planner'; gates: string[] }
  | { role: 'reviewer'; diff: string }
  | { role: 'worker'; node: string; attempt: number; prompt: string }
  /** Only the handoff is to be said again. */
  | { role: 'corrector'; of: Part };

export function readPart(request: ModelRequest): Part {
  const prompt = request.prompts.findLast((one) => nodeName.test(one));
  if (prompt === undefined) throw new Error(`a prompt without a node: ${request.prompt}`);
  const part = partOf(prompt);
  return request.prompt.startsWith('Your work is kept') ? { role: 'corrector', of: part } : part;
}

const nodeName = /^You work on one node, `([^`]+)`/m;

function partOf(prompt: string): Part {
  if (/^# How to plan$/m.test(prompt)) return { role: 'planner', gates: offeredGates(prompt) };
  if (/^# How to review$/m.test(prompt))
    return { role: 'reviewer', diff: section(prompt, 'The change') };
  const node = nodeName.exec(prompt)?.[1] ?? '';
  const attempt = Number(/^# This is attempt (\d+)$/m.exec(prompt)?.[1] ?? 1);
  return { role: 'worker', node, attempt, prompt };
}

/** The commands a planner may give to its nodes. */
function offeredGates(prompt: string): string[] {
  const list = /letter by letter:\n\n((?:- `.+`\n)+)/.exec(prompt)?.[1] ?? '';
  return [...list.matchAll(/^- `(.+)`$/gm)].flatMap(([, command]) => command ?? []);
}

function section(prompt: string, title: string): string {
  const start = prompt.indexOf(`\n# ${title}\n`);
  const end = prompt.indexOf('\n# Your task', start);
  return start === -1 ? '' : prompt.slice(start, end === -1 ? undefined : end);
}
