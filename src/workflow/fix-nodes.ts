import type { NodeDefaults } from '../core/event.ts';
import { isBlocking, type Finding } from '../core/gate.ts';
import type { NodeSpec } from '../core/node.ts';
import { scopeErrors } from '../core/scope.ts';
import { newNode } from './new-node.ts';

export type FixWish = {
  findings: readonly Finding[];
  /** Number of the round of review that found them, from 1. */
  cycle: number;
  defaults: NodeDefaults;
  /** The node that found them, whose successor looks again; null where nobody reviews. */
  reviewer: NodeSpec | null;
  /** Commands the run must pass. */
  gates: readonly string[];
  /** Names of the nodes the run has: a node that is added never takes the place of one. */
  taken: ReadonlySet<string>;
};

/** Nodes that mend what blocks, files that lie together in one node, and the review that follows. Empty when nothing blocks. */
export function fixNodes(wish: FixWish): NodeSpec[] {
  const groups = groupFindings(wish.findings.filter(isBlocking));
  const names = freeNames(`fix-${wish.cycle}-`, { from: 1, ...wish });
  const fixes = groups.map((group) =>
    newNode(
      {
        name: names(),
        role: 'implementation',
        task: taskOf(group.findings),
        write: true,
        scope:
          group.files === null
            ? 'any'
            : { allow: [...new Set(group.files.flatMap(withTests))], deny: [], maxDiffLines: null },
        // The whole suite passes only when every part is mended, so it judges a fix that is alone.
        gates:
          groups.length === 1
            ? wish.gates.map((command) => ({ gate: 'command', command, timeoutMs: null }))
            : [],
      },
      wish.defaults,
    ),
  );
  return fixes.length === 0 || wish.reviewer === null
    ? fixes
    : [
        ...fixes,
        {
          ...wish.reviewer,
          name: freeNames('review-', { from: wish.cycle + 1, ...wish })(),
          needs: fixes.map((fix) => fix.name),
          resume: null,
        },
      ];
}

/** Each call gives the next name that no node has. */
function freeNames(
  prefix: string,
  { from, taken }: { from: number; taken: ReadonlySet<string> },
): () => string {
  let number = from - 1;
  return () => {
    do number += 1;
    while (taken.has(`${prefix}${number}`));
    return `${prefix}${number}`;
  };
}

const maxFixes = 4;
const maxEvidence = 4_000;

/** `files` null: a finding names no file, so the fix may be anywhere. */
type Group = { files: string[] | null; findings: Finding[] };

function groupFindings(findings: readonly Finding[]): Group[] {
  const byFile = new Map<string, Finding[]>();
  const anywhere: Finding[] = [];
  for (const one of findings) {
    const file = one.file === null ? null : usablePath(one.file);
    if (file === null) anywhere.push(one);
    else byFile.set(file, [...(byFile.get(file) ?? []), one]);
  }
  // Sorted, so that files of one folder come together when there are more files than nodes.
  const files = [...byFile].toSorted(([left], [right]) => (left < right ? -1 : 1));
  const rooms = anywhere.length > 0 ? maxFixes - 1 : maxFixes;
  const perGroup = Math.ceil(files.length / rooms);
  const groups: Group[] = [];
  for (let at = 0; at < files.length; at += perGroup) {
    const some = files.slice(at, at + perGroup);
    groups.push({
      files: some.map(([file]) => file),
      findings: some.flatMap(([, found]) => found),
    });
  }
  return anywhere.length > 0 ? [...groups, { files: null, findings: anywhere }] : groups;
}

/** The path as a scope may carry it; null when it leads out of the repository or is none at all. */
function usablePath(file: string): string | null {
  const path = file
    .trim()
    .replace(/^(\.\/)+/, '')
    .replace(/:[0-9]+(:[0-9]+)?$/, '');
  const errors = scopeErrors({ allow: [path], deny: [], maxDiffLines: null });
  return errors.length === 0 && !/[*?{]/.test(path) ? path : null;
}

/** A file and where its tests usually stand: a defect is mended together with the test that shows it. */
function withTests(file: string): string[] {
  const slash = file.lastIndexOf('/');
  const folder = file.slice(0, slash + 1);
  const name = file.slice(slash + 1);
  const dot = name.lastIndexOf('.');
  if (dot <= 0) return [file];
  const stem = name.slice(0, dot);
  const end = name.slice(dot);
  const below = folder.replace(/^(src|lib)\//, '');
  const places = [
    folder,
    `${folder}__tests__/`,
    `test/${below}`,
    `tests/${below}`,
    'test/',
    'tests/',
  ];
  const names = [
    `${stem}.test${end}`,
    `${stem}.spec${end}`,
    `${stem}_test${end}`,
    `test_${stem}${end}`,
  ];
  return [file, ...new Set(places.flatMap((place) => names.map((one) => place + one)))];
}

function taskOf(findings: readonly Finding[]): string {
  return [
    'The work was reviewed as a whole and these findings block it. Mend their causes, not their symptoms, and add or correct the tests that would have shown them. Change nothing else.',
    ...findings.map((one, index) => {
      const place =
        one.file === null ? '' : ` (${one.file}${one.line === null ? '' : `:${one.line}`})`;
      const evidence = one.evidence.trim().slice(0, maxEvidence);
      return `${index + 1}. [${one.severity}] ${one.title}${place}${evidence === '' ? '' : `\n${evidence}`}`;
    }),
  ].join('\n\n');
}
