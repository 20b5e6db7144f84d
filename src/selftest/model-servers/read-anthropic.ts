import { z } from 'zod';
import type { Json } from '../../core/json.ts';
import type { ModelRequest, ToolResult } from './model-script.ts';

const textBlock = z.object({ type: z.literal('text'), text: z.string() });
const resultContent = z.union([z.string(), z.array(z.unknown())]).optional();
const block = z.union([
  textBlock,
  z.object({ type: z.literal('tool_use'), id: z.string(), name: z.string() }),
  z.object({
    type: z.literal('tool_result'),
    tool_use_id: z.string(),
    content: resultContent,
    is_error: z.boolean().optional(),
  }),
  z.unknown().transform(() => ({ type: 'other' as const })),
]);
const content = z.union([
  z.string().transform((text) => [{ type: 'text' as const, text }]),
  z.array(block),
]);
const messagesRequest = z.object({
  model: z.string(),
  system: content.optional(),
  messages: z.array(z.object({ role: z.enum(['user', 'assistant', 'system']), content })),
  tools: z.array(z.object({ name: z.string(), input_schema: z.json().optional() })).optional(),
});

/** A request to `/v1/messages`, or null when it is none. */
export function readAnthropic(raw: Json): ModelRequest | null {
  const parsed = messagesRequest.safeParse(raw);
  if (!parsed.success) return null;
  const { model, system = [], messages, tools = [] } = parsed.data;
  const systemText = [
    ...texts(system),
    ...messages.filter((one) => one.role === 'system').flatMap((one) => texts(one.content)),
  ].join('\n');
  const names = new Map<string, string>();
  const prompts: string[] = [];
  let results: ToolResult[] = [];
  for (const message of messages) {
    if (message.role === 'system') continue;
    const answered: ToolResult[] = [];
    for (const one of message.content) {
      if (one.type === 'tool_use') names.set(one.id, one.name);
      if (one.type === 'tool_result') {
        const tool = names.get(one.tool_use_id) ?? 'unknown';
        const text = resultText(one.content);
        answered.push({ id: one.tool_use_id, tool, text, isError: one.is_error === true });
      }
    }
    results.push(...answered);
    const said = message.role === 'user' ? texts(message.content).filter(isOfUser) : [];
    if (said.length === 0 || answered.length > 0) continue;
    prompts.push(said.join('\n'));
    results = [];
  }
  const allText = [systemText, ...messages.flatMap((one) => texts(one.content))].join('\n');
  return {
    dialect: 'anthropic',
    model,
    system: systemText,
    prompt: prompts.at(-1) ?? '',
    prompts,
    results,
    tools: tools.map((tool) => tool.name),
    // Claude Code forces an answer into a schema by offering a tool of that shape.
    schema: tools.find((tool) => tool.name === 'StructuredOutput')?.input_schema ?? null,
    folder: /working directory: (.+)/i.exec(allText)?.[1]?.trim() ?? null,
    raw,
  };
}

function texts(blocks: z.infer<typeof content>): string[] {
  return blocks.flatMap((one) => (one.type === 'text' ? [one.text] : []));
}

function isOfUser(text: string): boolean {
  return text.trim() !== '' && !text.startsWith('<system-reminder>');
}

function resultText(value: z.infer<typeof resultContent>): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  return value.flatMap((part) => textBlock.safeParse(part).data?.text ?? []).join('\n');
}
