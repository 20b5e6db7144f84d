import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../core/json.ts';
import { dataFolder } from './data-folder.ts';
import type { Environment } from './environment.ts';
import { readText, writeWhole } from './files.ts';

/** Whether the user has trusted this file with exactly this content. */
export async function isTrusted(file: string, content: string, env: Environment): Promise<boolean> {
  const { files } = await readTrust(env);
  return files[await realpath(file)] === hashOf(content);
}

/** From now on the file is trusted as long as its content stays what it is. */
export async function trust(file: string, content: string, env: Environment): Promise<void> {
  const { files } = await readTrust(env);
  const next = { version: 1, files: { ...files, [await realpath(file)]: hashOf(content) } };
  await writeWhole(trustFile(env), `${JSON.stringify(next, null, 2)}\n`, 0o600);
}

const trustStore = z.object({ version: z.literal(1), files: z.record(z.string(), z.string()) });

/** A file that cannot be read trusts nothing: the user is asked again. */
async function readTrust(env: Environment): Promise<z.infer<typeof trustStore>> {
  const parsed = trustStore.safeParse(parseJson((await readText(trustFile(env))) ?? '')?.value);
  return parsed.data ?? { version: 1, files: {} };
}

/** Outside every repository, so that none can trust itself. */
function trustFile(env: Environment): string {
  return join(dataFolder(env), 'trust.json');
}

function hashOf(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
