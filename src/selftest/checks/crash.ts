import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, reportIt, type Check, type CheckPlace } from '../check.ts';
import { untilThere } from '../until-there.ts';
import { makeThrowawayProject, runIdOf, type ThrowawayProject } from '../throwaway-project.ts';

export const crash: Check = {
  name: 'crash',
  title: 'crash and resume',
  of: 'mo',
  limitMs: 30_000,
  needs: ['addon', 'git', 'processes', 'mcp-stateless'],
  run: killTheOwner,
};

const waitForGo = 'echo once >> "$HOME/ran"; until test -e "$HOME/go"; do sleep 0.05; done';

/** The owner of a run is killed in the middle; the worker goes on, the next owner adopts it, and nothing is done twice. */
async function killTheOwner(place: CheckPlace): Promise<string> {
  const project = await makeThrowawayProject(place, {
    '*': [
      { do: 'shell', command: waitForGo, force: true },
      { do: 'handoff', value: { status: 'pass', summary: 'Survived.', decisions: [] } },
    ],
  });
  const home = join(place.folder, 'home');
  const wish = { task: 'Survive', role: 'architecture', provider: 'scripted' };
  const runId = runIdOf(await project.ask('run', wish));
  await untilThere(join(home, 'ran'), place);
  const first = await ownerOf(project, runId);
  process.kill(first, 'SIGKILL');
  // A look at the run is what brings the next owner.
  await project.ask('poll', { run_id: runId, wait_s: 0 });
  await writeFile(join(home, 'go'), '');
  const end = await project.endOf(runId);
  const ran = (await readFile(join(home, 'ran'), 'utf8')).trim().split('\n').length;
  if (end !== 'succeeded') fail(`After its owner was killed the run ends as ${end}.`, reportIt);
  if (ran !== 1) fail(`The worker was started ${ran} times instead of once.`, reportIt);
  if ((await ownerOf(project, runId)) === first) fail('No second owner took the run.', reportIt);
  await project.session.close();
  return 'owner killed, worker adopted, run succeeded';
}

async function ownerOf(project: ThrowawayProject, runId: string): Promise<number> {
  const log = await project.ownerLog(runId);
  const pid = [...log.matchAll(/epoch [0-9]+: pid ([0-9]+)/g)].at(-1)?.[1];
  return pid === undefined ? fail('The run has no owner.', reportIt) : Number(pid);
}
