import type { Json } from '../../../core/json.ts';
import type { EndClass, WorkerEvent } from '../../../core/worker.ts';
import type { ClosingLine, Line } from '../parse.ts';

type ToolKind = Extract<WorkerEvent, { type: 'tool.started' }>['kind'];
export type ToolCall = {
  tool: string;
  kind: ToolKind;
  summary: string;
  paths: readonly string[];
};
export type ToolEnd = { ok: boolean; exitCode: number | null; summary: string };

/** Everything the worker says on its stdout: one JSON object a line. */
export type Report = {
  event: (line: Line) => Promise<void>;
  say: (text: string) => Promise<void>;
  notice: (text: string) => Promise<void>;
  /** Announces the call, does it, and says how it ended. */
  call: (call: ToolCall, work: () => Promise<ToolEnd>) => Promise<ToolEnd>;
  denied: (tool: string, reason: string) => Promise<void>;
  answer: (answer: { text: string; structured: Json | null }) => Promise<void>;
  failed: (why: { class: EndClass; message: string; resetsInMs?: number | null }) => Promise<void>;
  raw: (bytes: string | Buffer) => Promise<void>;
};

export function openReport(): Report {
  let calls = 0;
  const event = (line: Line): Promise<void> => raw(`${JSON.stringify(line)}\n`);
  const close = (line: Omit<ClosingLine, 'type'>): Promise<void> =>
    event({ type: 'result', ...line });
  return {
    event,
    raw,
    say: (text) => event({ type: 'text', text }),
    notice: (text) => event({ type: 'notice', text }),
    call: async (call, work) => {
      calls += 1;
      const id = `call-${calls}`;
      await event({ type: 'tool.started', id, ...call, paths: [...call.paths] });
      const end = await work();
      await event({ type: 'tool.ended', id, ...end });
      return end;
    },
    denied: (tool, reason) => event({ type: 'denied', tool, reason }),
    answer: (answer) =>
      close({ class: 'done', message: 'The worker answered.', ...answer, resetsInMs: null }),
    failed: (why) => close({ text: '', structured: null, resetsInMs: null, ...why }),
  };
}

/** Fulfilled when the system has the bytes: a worker that ends right after must not lose them. */
function raw(bytes: string | Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (cause) => {
      if (cause) reject(cause);
      else resolve();
    });
  });
}
