import type { Json } from '../../../core/json.ts';
import type { WorkerOptions } from './options.ts';

/** What a worker did, for the answer it gives when its script names none. */
export type Done = { changed: Set<string>; commands: { command: string; exit_code: number }[] };

/** The final answer as a CLI would give it: JSON where that was asked for, else prose with the JSON in a block. */
export function formAnswer(
  value: Json,
  answers: WorkerOptions['answers'],
): { text: string; structured: Json | null } {
  if (answers === 'structured') return { text: JSON.stringify(value), structured: value };
  const block = JSON.stringify(value, null, 2);
  return { text: `Here is what I did.\n\n\`\`\`json\n${block}\n\`\`\`\n`, structured: null };
}

/** Fits the contract of every role that needs no more than a summary, files, commands and findings. */
export function honestHandoff({ changed, commands }: Done): Json {
  const files = [...changed];
  const summary = files.length === 0 ? 'Nothing was changed.' : `Changed ${files.join(', ')}.`;
  return { status: 'pass', summary, changed_files: files, commands, findings: [] };
}

export function claimedHandoff(text: string): Json {
  const commands = [{ command: 'npm test', exit_code: 0 }];
  return { status: 'pass', summary: text, changed_files: [], commands, findings: [] };
}
