import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../platform/environment.ts';

export type PreparedDemo = {
  goal: string;
  gates: readonly string[];
  provider: string;
  /** What the scripted workers are told to do. */
  env: Environment;
};

/** Makes the sample repository in a folder and the script its workers follow. */
export async function prepareDemo(folder: string): Promise<PreparedDemo> {
  const { makeSampleRepository } = await import('../selftest/sample-repository.ts');
  const { demoGates, demoGoal, demoScript } = await import('../selftest/demo-script.ts');
  await makeSampleRepository(folder);
  // Inside the git folder: it belongs to this repository and is no file of the project.
  const script = join(folder, '.git', 'mo-demo-script.json');
  await writeFile(script, JSON.stringify(demoScript));
  return { goal: demoGoal, gates: demoGates, provider: 'scripted', env: { MO_SCRIPT: script } };
}
