import { appendFile, chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Step } from '../script.ts';

export type FileStep = Extract<
  Step,
  { do: 'write' | 'append' | 'delete' | 'rename' | 'chmod' | 'symlink' }
>;

/** Paths are meant to be able to lead out of the folder: that is what the gates are tried with. */
export async function changeFiles(step: FileStep, folder: string): Promise<void> {
  const at = (path: string): string => resolve(folder, path);
  const [target] = pathsOf(step).toReversed();
  if (target !== undefined) await mkdir(dirname(at(target)), { recursive: true });
  switch (step.do) {
    case 'write':
      return writeFile(at(step.path), step.text);
    case 'append':
      return appendFile(at(step.path), step.text);
    case 'delete':
      return rm(at(step.path), { recursive: true });
    case 'rename':
      return rename(at(step.from), at(step.to));
    case 'chmod':
      return chmod(at(step.path), Number.parseInt(step.mode, 8));
    case 'symlink':
      return symlink(step.target, at(step.path));
  }
}

export function pathsOf(step: FileStep): string[] {
  return step.do === 'rename' ? [step.from, step.to] : [step.path];
}
