import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Script } from '../../providers/scripted/script.ts';
import { fail, reportIt, type Check, type CheckPlace } from '../check.ts';
import { makeThrowawayProject, runIdOf } from '../throwaway-project.ts';

export const liars: Check = {
  name: 'liars',
  title: 'gates on lying workers',
  of: 'mo',
  limitMs: 30_000,
  needs: ['addon', 'git', 'mcp-stateless'],
  run: catchTheLiars,
};

/** The lie of each worker, and the gate that has to find it. */
const lies = {
  'claims-a-file': { gate: 'handoff', script: [...wrote('a.txt'), says(['a.txt', 'b.txt'])] },
  'claims-a-command': { gate: 'handoff', script: [...wrote('c.txt'), says(['c.txt'], 'npm test')] },
  'leaks-a-key': {
    gate: 'secrets',
    script: [{ do: 'leak', kind: 'github', path: 'd.txt' }, says(['d.txt'])],
  },
} as const satisfies Record<string, { gate: string; script: Script }>;

const honest = { honest: [...wrote('e.txt'), says(['e.txt'])] };

/** Three workers that lie and one that does not: a gate that refuses everybody would be no gate. */
async function catchTheLiars(place: CheckPlace): Promise<string> {
  const scripts = Object.entries(lies).map(([name, { script }]) => [name, script] as const);
  const project = await makeThrowawayProject(place, {
    ...honest,
    ...Object.fromEntries(scripts),
  });
  const runId = runIdOf(await project.ask('workflow_run', { workflow: workflowText() }));
  await project.endOf(runId);
  const found = await refusals(join(project.folder, '.agent-workspace/runs', runId, 'report.json'));
  for (const [name, { gate }] of Object.entries(lies))
    if (found.get(name)?.includes(gate) !== true)
      fail(`The gate ${gate} lets a worker pass that ${name.replaceAll('-', ' ')}.`, reportIt);
  const blamed = found.get('honest') ?? ['nobody: it is not in the report'];
  if (blamed.length > 0) fail(`An honest worker is refused by ${blamed.join(', ')}.`, reportIt);
  await project.session.close();
  return 'unchanged file, command never run, leaked key: refused; honest work passed';
}

function workflowText(): string {
  const node = {
    role: 'implementation',
    provider: 'scripted',
    write: true,
    retries: 0,
    scope: 'any',
    task: 'Write a file.',
  };
  const names = [...Object.keys(lies), ...Object.keys(honest)];
  return JSON.stringify({
    version: 1,
    name: 'liars',
    land: 'none',
    nodes: Object.fromEntries(names.map((name) => [name, node])),
  });
}

const report = z.object({
  nodes: z.array(
    z.object({
      name: z.string(),
      state: z.string(),
      attempts: z.array(
        z.object({ verdicts: z.array(z.object({ name: z.string(), pass: z.boolean() })) }),
      ),
    }),
  ),
});

/** By node, the gates that refused its work. Throws `check-failed` where a node is verified that a gate refused, or the other way round. */
async function refusals(file: string): Promise<Map<string, string[]>> {
  const { nodes } = report.parse(JSON.parse(await readFile(file, 'utf8')));
  return new Map(
    nodes.map(({ name, state, attempts }) => {
      const verdicts = attempts.flatMap((one) => one.verdicts);
      const refused = verdicts.filter(({ pass }) => !pass).map((one) => one.name);
      if ((refused.length === 0) !== (state === 'verified'))
        fail(`${name} is ${state}, refused by ${refused.join(', ') || 'nobody'}.`, reportIt);
      return [name, refused];
    }),
  );
}

function wrote(path: string): Script {
  return [{ do: 'write', path, text: 'done\n' }];
}

function says(changed: readonly string[], command?: string): Script[number] {
  const commands = command === undefined ? [] : [{ command, exit_code: 0 }];
  return {
    do: 'handoff',
    value: { status: 'pass', summary: 'done', changed_files: [...changed], commands },
  };
}
