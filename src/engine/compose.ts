import { join } from 'node:path';
import { readText, writeWhole } from '../platform/files.ts';
import { contractOf, repairPrompt } from '../core/handoff.ts';
import { handedOver } from '../core/map-progress.ts';
import type { Json } from '../core/json.ts';
import type { NodeSpec } from '../core/node.ts';
import type { GoingOn } from '../core/going-on.ts';
import type { Run, RunNode } from '../core/run.ts';
import { patchBetween } from '../git/patch.ts';
import { composePrompt, composeTold, type PromptQuestion } from './prompt.ts';
import type { Engine } from './engine.ts';

/** Roles that judge what the run has changed so far. */
export const judging: ReadonlySet<string> = new Set([
  'review',
  'security',
  'performance',
  'compatibility',
]);

export function contractFor(node: NodeSpec): Json {
  return node.contract ?? contractOf(node.role);
}

/** What the last attempt was told when it was sent back; null for the first. Asked before the new attempt is recorded. */
export function lastOf(node: RunNode | undefined): PromptQuestion['last'] {
  if (node?.state.status !== 'waiting' || node.state.message === null) return null;
  return { message: node.state.message, findings: node.state.findings };
}

export async function promptFor(
  engine: Engine,
  run: Run,
  wish: { node: NodeSpec; attempt: number; last: PromptQuestion['last']; isForced: boolean },
): Promise<{ text: string; version: string }> {
  const { node, attempt, last, isForced } = wish;
  return composePrompt({
    pack: engine.pack,
    node,
    goal: run.spec.goal,
    contract: contractFor(node),
    forcedSchema: isForced,
    needs: needsOf(run, node),
    gates: run.spec.gates,
    diff: await diffFor(engine, run, node),
    attempt,
    last,
    told: run.nodes.get(node.name)?.told ?? [],
  });
}

/**
 * For a session that goes on: only the handoff again, or the work under what was said. The texts it was asked with stay those of the
 * attempt before.
 */
export async function goingOnPromptFor(
  engine: Engine,
  run: Run,
  wish: { node: NodeSpec; attempt: number; before: GoingOn; isForced: boolean },
): Promise<{ text: string; version: string | null }> {
  const { node, attempt, before, isForced } = wish;
  const contract = contractFor(node);
  const text =
    before.why === 'repair'
      ? repairPrompt({ findings: before.findings, contract, isForced })
      : composeTold({ pack: engine.pack, told: before.texts, contract, forcedSchema: isForced });
  const folder = engine.paths.attemptFolder(run.spec.runId, node.name, attempt - 1);
  return { text, version: await readPromptVersion(folder) };
}

/** Beside the prompt, for the receipt: another version of the texts is another question. */
export async function keepPromptVersion(
  attemptFolder: string,
  version: string | null,
): Promise<void> {
  if (version !== null)
    await writeWhole(join(attemptFolder, 'prompt-version'), `${version}\n`, 0o600);
}

export async function readPromptVersion(attemptFolder: string): Promise<string | null> {
  return (await readText(join(attemptFolder, 'prompt-version')))?.trim() ?? null;
}

/** Handoffs of what a node needs; of a node that emitted others, theirs too. The items of a map are counted. */
function needsOf(run: Run, node: NodeSpec): PromptQuestion['needs'] {
  const names = node.needs.flatMap((need) => [need, ...emittedOf(run, need)]);
  return [...new Set(names)].flatMap((name) => {
    const handoff = handedOver(run, name);
    return handoff === null ? [] : [{ name, handoff }];
  });
}

function emittedOf(run: Run, name: string): readonly string[] {
  const node = run.nodes.get(name);
  return node === undefined || node.spec.kind === 'map' ? [] : (node.emitted ?? []);
}

async function diffFor(engine: Engine, run: Run, node: NodeSpec): Promise<string | null> {
  if (engine.repository === null || run.head === null || run.spec.base === null) return null;
  if (!judging.has(node.role) || run.head.commit === run.spec.base) return null;
  const patch = await patchBetween(engine.repository.git, {
    from: run.spec.base,
    to: run.head.commit,
    maxBytes: 400_000,
  });
  return patch.text;
}
