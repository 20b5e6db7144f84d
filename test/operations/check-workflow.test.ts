import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asCommands } from '../../src/cli/as-commands.ts';
import { operations } from '../../src/operations/operations.ts';
import { workflowCheck } from '../../src/operations/workflow-check.ts';
import { aProject } from './project.ts';

const text =
  'version: 1\nname: x\ninputs: { n: { type: string, required: false } }\nnodes:\n  a: { task: x, provider: scripted }\n';

test.each([
  [{ file: 'my apr.yaml' }, "mo workflow run 'my apr.yaml'"],
  [
    { workflow: text, inputs: { n: '1' } },
    'mo workflow run --workflow <workflow> --inputs <inputs>',
  ],
  [
    { recipe: 'do', inputs: { goal: 'x', provider: 'scripted' } },
    'mo workflow run --recipe do --inputs <inputs>',
  ],
  [{ mode: 'list' }, `mo workflow run --recipe do --inputs '{"goal":"..."}'`],
])(
  'a terminal is given the data of a tool, and its next call as a command: %j',
  async (asked, command) => {
    const { folder, context } = await aProject();
    await writeFile(join(folder, 'my apr.yaml'), text);
    const [model, person] = await Promise.all(
      (['mcp', 'cli'] as const).map((surface) =>
        workflowCheck.call(asked, { ...context, surface }),
      ),
    );
    expect(person?.data).toEqual(model?.data);
    expect(
      asCommands(person?.reading ?? '', operations)
        .split('\n')
        .at(-1),
    ).toContain(command);
  },
);
