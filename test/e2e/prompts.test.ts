import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { done, final, makeRig } from './rig.ts';

const text = `---
name: roles/implementation
version: 1
description: As in this house.
role: implementation
---
Work as this house does.
`;
const receipt = z.looseObject({ prompt_version: z.string() });

test("a project's own text reaches workers after mo trust and not before, and receipts tell the two apart", async () => {
  const rig = await makeRig();
  onTestFinished(rig.end);
  await rig.write('.mo/prompts/roles/implementation.md', text);
  await rig.script({ implementation: [{ do: 'write', path: 'a.txt', text: 'a\n' }, done] });
  const work = async (key: string) => {
    const args = ['--write', '--scope-allow', 'a.txt', '--provider', 'scripted', '--json'];
    const said = await rig.mo(['run', key, ...args]);
    expect(said).toMatchObject({ exitCode: 0 });
    const { run_id: runId } = final(said);
    const folder = `.agent-workspace/runs/${runId}`;
    return {
      prompt: await rig.read(`${folder}/nodes/implementation/1/prompt.md`),
      log: await rig.read(`${folder}/owner.log`),
      version: receipt.parse(JSON.parse(await rig.read(`${folder}/receipts/implementation.json`)))
        .prompt_version,
    };
  };
  const before = await work('first');
  expect(before.prompt).toContain('# Your role: implementation');
  expect(before.log).toContain('roles/implementation.md does not count');
  const trusted = await rig.mo(['trust']);
  expect(trusted.stdout).toContain('it steers workers');
  const after = await work('second');
  expect(after.prompt).toContain('Work as this house does.');
  expect(after.prompt).not.toContain('# Your role: implementation');
  expect(after.prompt).toContain('The folder you were started in is all you have.');
  expect(after.version).not.toBe(before.version);
});

test('a text that is wrong is not trusted, and neither is anything else then', async () => {
  const rig = await makeRig();
  onTestFinished(rig.end);
  await rig.write('mo.yaml', 'gates: { commands: ["true"] }\n');
  await rig.write('.mo/prompts/worker.md', text.replace('roles/implementation', 'worker'));
  const said = await rig.mo(['trust']);
  expect(said).toMatchObject({ exitCode: 2 });
  expect(said.stderr).toContain('worker cannot be replaced');
  const health = await rig.mo(['health']);
  expect(`${health.stdout}${health.stderr}`).toContain('nobody has trusted yet');
});
