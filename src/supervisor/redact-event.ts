import type { WorkerEvent } from '../core/worker.ts';

/** The event with every text a worker or its tools chose redacted. Before it becomes JSON: escapes would hide secrets from patterns. */
export function redactEvent(event: WorkerEvent, redact: (text: string) => string): WorkerEvent {
  switch (event.type) {
    case 'text':
    case 'thinking':
    case 'result':
    case 'notice':
      return { ...event, text: redact(event.text) };
    case 'tool.started':
      return { ...event, summary: redact(event.summary), paths: event.paths.map(redact) };
    case 'tool.ended':
      return { ...event, summary: redact(event.summary) };
    case 'retrying':
    case 'denied':
      return { ...event, reason: redact(event.reason) };
    case 'unknown':
      return { ...event, sample: redact(event.sample) };
    case 'session':
    case 'usage':
    case 'quota':
    case 'compacted':
      return event;
  }
}
