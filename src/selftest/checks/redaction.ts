import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from '../../platform/files.ts';
import { makeSecret } from '../../providers/scripted/worker/secret.ts';
import { fail, reportIt, type Check, type CheckPlace } from '../check.ts';
import { makeThrowawayProject, runIdOf } from '../throwaway-project.ts';

export const redaction: Check = {
  name: 'redaction',
  title: 'redaction',
  of: 'mo',
  limitMs: 30_000,
  needs: ['addon', 'git', 'mcp-stateless'],
  run: sayASecret,
};

/** A worker says a key; afterwards it stands nowhere in the workspace and in no answer. */
async function sayASecret(place: CheckPlace): Promise<string> {
  const secret = makeSecret('github');
  const project = await makeThrowawayProject(place, {
    '*': [
      { do: 'say', text: `The key is ${secret}.` },
      { do: 'handoff', value: { status: 'pass', summary: `Found ${secret}.`, decisions: [] } },
    ],
  });
  const wish = { task: 'Look for keys', role: 'architecture', provider: 'scripted' };
  const runId = runIdOf(await project.ask('run', wish));
  await project.endOf(runId);
  for (const part of ['result', 'log', 'events', 'report']) {
    const answer = await project.session.call('output', { run_id: runId, part });
    if ((answer.text + JSON.stringify(answer.data)).includes(secret))
      fail(`output part=${part} shows a key that a worker said.`, reportIt);
  }
  await project.session.close();
  const workspace = join(project.folder, '.agent-workspace');
  const files = await filesBelow(workspace);
  const holding: string[] = [];
  // The owner may still be closing the database: its files beside come and go.
  for (const file of files)
    if ((await readText(file))?.includes(secret) === true) holding.push(file);
  if (holding.length > 0)
    fail(`A key that a worker said is in ${holding.join(', ').slice(0, 300)}.`, reportIt);
  return `a key a worker said is in none of ${files.length} files`;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}
