import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkWorkflow } from '../src/operations/check-workflow.ts';
import { figure, median, type Figure } from './figure.ts';
import { makeProject } from './project.ts';
import { callMo, makePlace } from './real-run.ts';

const count = 10_000;
const width = 100;
const rounds = 5;

/** The operation `workflow_check` on the text of the largest workflow there may be: read, checked, laid out, rendered. */
export async function measureWorkflow(): Promise<Figure[]> {
  const project = await makeProject();
  try {
    const text = workflowText();
    const validate: number[] = [];
    const dryRun: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      dryRun.push(await timed('dry_run'));
      validate.push(await timed('validate'));
    }
    // A dry run reads and checks as well, so it is the whole; the first one, with cold code, is what a command line pays.
    return [
      figure('validate 10,000 nodes', median(validate), null, ' ms'),
      figure('validate and dry-run 10,000 nodes', median(dryRun), { most: 1_000 }, ' ms'),
      figure('the same, cold', dryRun[0] ?? Number.NaN, { most: 1_000 }, ' ms'),
      figure('the same as `mo workflow check`', await processMs(text), { most: 1_000 }, ' ms'),
    ];

    async function timed(mode: 'validate' | 'dry_run'): Promise<number> {
      const from = performance.now();
      const checked = await checkWorkflow({ workflow: text, mode }, project.context);
      if (!checked.ok || checked.nodes !== count) throw new Error(JSON.stringify(checked.errors));
      return performance.now() - from;
    }
  } finally {
    await project.end();
  }
}

/** The whole process, from the shell to its exit. */
async function processMs(text: string): Promise<number> {
  const place = await makePlace();
  try {
    await writeFile(join(place.repo, 'large.yaml'), text);
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const args = ['workflow', 'check', '--file', 'large.yaml', '--mode', 'dry_run'];
      const { exitCode, stderr, ms } = await callMo(place, args);
      if (exitCode !== 0) throw new Error(stderr);
      times.push(ms);
    }
    return median(times);
  } finally {
    await place.end();
  }
}

/** YAML, a hundred layers of a hundred nodes, half of them writers with a path each. */
function workflowText(): string {
  const lines = ['version: 1', 'name: large', 'nodes:'];
  for (let index = 0; index < count; index += 1) {
    const needs = index < width ? '' : `, needs: [n${index - width}]`;
    const scope = index % 2 === 0 ? '' : `, write: true, scope: {allow: ['d${index}/**']}`;
    lines.push(`  n${index}: {task: do it${needs}${scope}}`);
  }
  return lines.join('\n');
}
