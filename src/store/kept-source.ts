import { stat } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { errnoOf, readText, writeWhole } from '../platform/files.ts';
import type { WorkspacePaths } from './paths.ts';

export type WorkflowText = {
  text: string;
  inputs: Readonly<Record<string, unknown>> | null;
  /** Absolute; null where the text came from no file. */
  file: string | null;
};

/** What the run goes by is in its spec already; this is for whoever wants to start the same again. */
export async function keepSource(
  paths: WorkspacePaths,
  runId: string,
  { text, inputs, file }: WorkflowText,
): Promise<void> {
  await writeWhole(paths.source(runId), text, 0o600);
  if (inputs !== null)
    await writeWhole(paths.inputs(runId), `${JSON.stringify(inputs, null, 1)}\n`, 0o600);
  if (file !== null) await writeWhole(paths.sourceFile(runId), relative(projectOf(paths), file));
}

/**
 * The file a run was started from, relative to the project, where it holds something else by now; null where it does not, and where there
 * is none any more. Read only when it was written since, or has another size.
 */
export async function changedSource(paths: WorkspacePaths, runId: string): Promise<string | null> {
  const file = await readText(paths.sourceFile(runId));
  if (file === null) return null;
  const path = resolve(projectOf(paths), file);
  const [now, kept] = await Promise.all([factsOf(path), factsOf(paths.source(runId))]);
  if (now === null || kept === null) return null;
  if (now.size === kept.size && now.mtimeMs <= kept.mtimeMs) return null;
  // A byte order mark, which is not kept, is all that a file may have more.
  if (now.size > kept.size + 3) return file;
  return withoutMark(await readText(path)) === (await readText(paths.source(runId))) ? null : file;
}

function projectOf(paths: WorkspacePaths): string {
  return dirname(paths.folder);
}

function withoutMark(text: string | null): string | null {
  return text === null ? null : text.replace(/^\ufeff/, '');
}

async function factsOf(path: string): Promise<{ size: number; mtimeMs: number } | null> {
  try {
    const facts = await stat(path);
    return facts.isFile() ? facts : null;
  } catch (cause) {
    if (errnoOf(cause) === null) throw cause;
    return null;
  }
}
