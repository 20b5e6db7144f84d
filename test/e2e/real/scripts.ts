import type { Json } from '../../../src/core/json.ts';
import type {
  ModelReply,
  ModelRequest,
  ModelScript,
} from '../../../src/selftest/model-servers/model-script.ts';
import { readPart, type Part } from './read-part.ts';
import { brokenSlug, slugCheck, teamFiles, uncheckedSlug } from './team-files.ts';

export type TeamWish = {
  /**
   * `none`: everything is right at once. `gate`: the first attempt of node `slug` does not pass its own test. `review`: node `slug`
   * passes its gates, but the reviewer finds something that has to change.
   */
  flaw: 'none' | 'gate' | 'review';
  /** A worker does not begin before this resolves: the test holds a node in the middle of its work. */
  hold?: (node: string) => Promise<void>;
  /** Nodes whose command never ends. */
  endless?: readonly string[];
};

/**
 * One script for every model of a run: the prompt says who is asked. The planner cuts the goal into two nodes whose scopes do not
 * meet, the workers write their files and test them, the reviewer reads the diff.
 */
export function teamScript(wish: TeamWish): ModelScript {
  return async (request) => play(readPart(request), request, wish);
}

/** The nodes of the plan, by name. */
export const teamNodes = ['slug', 'initials'] as const;

async function play(part: Part, request: ModelRequest, wish: TeamWish): Promise<ModelReply> {
  switch (part.role) {
    case 'planner':
      return answer(request, plan(part.gates));
    case 'reviewer':
      return answer(request, judgement(part.diff));
    case 'worker':
      return work(part, request, wish);
    case 'corrector':
      return part.of.role === 'worker'
        ? answer(request, report(part.of.node, []))
        : play(part.of, request, wish);
  }
}

function plan(gates: readonly string[]): Json {
  return {
    status: 'pass',
    summary: 'Two modules that have nothing to do with each other, written at the same time.',
    nodes: teamNodes.map((name) => ({
      name,
      role: 'implementation',
      task: `Add src/${name}.js, which exports function ${name}(text), and its test test/${name}.test.js. Change no other file.`,
      needs: [],
      write: true,
      scope: { allow: Object.keys(teamFiles[name]), deny: [], max_diff_lines: null },
      gates: gates.map((command) => ({ command })),
    })),
  };
}

function judgement(diff: string): Json {
  if (diff.includes(slugCheck)) {
    return { status: 'pass', summary: 'Both modules do what the goal asks.', findings: [] };
  }
  const finding = {
    severity: 'major',
    title: 'slug takes what is no text and fails in the middle',
    file: 'src/slug.js',
    line: 2,
    evidence: 'slug(7) gives "text.toLowerCase is not a function" instead of a clear TypeError.',
  };
  return {
    status: 'needs_repair',
    summary: 'slug does not check its argument.',
    findings: [finding],
  };
}

/** One call at a time, as a careful worker does: each file, then the tests, then the handoff. */
async function work(
  part: Extract<Part, { role: 'worker' }>,
  request: ModelRequest,
  wish: TeamWish,
): Promise<ModelReply> {
  const { node } = part;
  const done = request.results.length;
  if (done === 0) await wish.hold?.(node);
  if (wish.endless?.includes(node) === true) {
    return [{ shell: 'while :; do sleep 1; done' }];
  }
  const files = Object.entries(filesFor(part, wish));
  const file = files[done];
  if (file !== undefined) {
    const [path, text] = file;
    return [{ text: `I write ${path}.` }, { write: { path, text } }];
  }
  const paths = files.map(([path]) => path);
  const tests = paths.filter((path) => path.startsWith('test/'));
  if (done === files.length) return [{ shell: `node --test ${tests.join(' ')}` }];
  return answer(request, report(node, paths));
}

function filesFor(
  { node, attempt }: Extract<Part, { role: 'worker' }>,
  { flaw }: TeamWish,
): Readonly<Record<string, string>> {
  if (node === 'initials') return teamFiles.initials;
  // Whatever mends slug, a second attempt or a node of the review, writes it as it should be.
  if (node !== 'slug' || attempt > 1 || flaw === 'none') return teamFiles.slug;
  const bad = flaw === 'gate' ? brokenSlug : uncheckedSlug;
  return { ...teamFiles.slug, 'src/slug.js': bad };
}

function report(node: string, paths: readonly string[]): Json {
  return {
    status: 'pass',
    summary: `Node ${node} is written and its tests pass.`,
    changed_files: [...paths],
    commands: [],
    notes: null,
  };
}

function answer(request: ModelRequest, handoff: Json): ModelReply {
  return request.schema === null
    ? [{ text: `Done.\n\n\`\`\`json\n${JSON.stringify(handoff, null, 1)}\n\`\`\`` }]
    : [{ structured: handoff }];
}
