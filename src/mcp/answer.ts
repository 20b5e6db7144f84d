import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Answer } from '../operations/operation.ts';

/** Hosts cut or divert what is longer; every operation pages below it. */
export const answerLimitBytes = 30_000;

/**
 * Both hosts show their model `structuredContent` alone when it is there, so it carries everything and the text is one line for people.
 * Long text goes as text only. See docs: Claude Code and Codex differ on errors, text alone survives both.
 */
export function toResult(answer: Answer): CallToolResult {
  const text = answer.text ?? firstLine(answer.reading);
  const bytes = Buffer.byteLength(answer.text ?? JSON.stringify(answer.data));
  if (bytes > answerLimitBytes) {
    return toError(
      `The answer has ${bytes} bytes; at most ${answerLimitBytes} are sent. Ask for less: name a run_id and a node, or a smaller max_bytes.`,
    );
  }
  return {
    content: [{ type: 'text', text }],
    ...(answer.text === null ? { structuredContent: answer.data } : {}),
  };
}

export function toError(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
