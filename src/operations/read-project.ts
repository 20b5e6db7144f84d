import { join } from 'node:path';
import type { z } from 'zod';
import { describeProblem, type Problem } from '../core/problem.ts';
import { openRepository } from '../git/repository.ts';
import { hasPolicy, policyFiles } from '../governance/policy-section.ts';
import type { Place } from '../governance/place.ts';
import { readStale, type Stale } from '../governance/stale.ts';
import { readStatus } from '../governance/status.ts';
import { audit } from '../governance/audit.ts';
import { settingsBySource } from '../platform/config.ts';
import { readText } from '../platform/files.ts';
import { workspacePaths } from '../store/paths.ts';
import { counted, duration, size } from './amounts.ts';
import type { OperationContext } from './context.ts';
import { oldDays } from './project-apply.ts';
import type { projectInput, projectOutput } from './project.ts';

type Input = z.output<typeof projectInput>;
type Result = z.input<typeof projectOutput>;
type Part = Pick<Result, 'items' | 'problems' | 'next'>;

const mostItems = 60;
const mostProblems = 40;

export async function readProject(input: Input, context: OperationContext): Promise<Result> {
  const place = await placeOf(context);
  const { items, problems, ...rest } = await partOf(input, place, context);
  return {
    what: input.what,
    project: place.root,
    items: items.slice(0, mostItems),
    ...(items.length > mostItems ? { more: items.length - mostItems } : {}),
    problems: problems.slice(0, mostProblems),
    ...rest,
  };
}

/** The project as governance sees it; makes nothing. */
export async function placeOf(context: OperationContext): Promise<Place> {
  const { root, git } = await context.project();
  return {
    root,
    paths: workspacePaths(root),
    store: await context.storeIfAny(),
    repository:
      git === null
        ? null
        : await openRepository(root, { env: context.env, signal: context.signal }),
    now: context.clock.now(),
  };
}

async function partOf(input: Input, place: Place, context: OperationContext): Promise<Part> {
  switch (input.what) {
    case 'status':
      return status(place, context);
    case 'policy':
      return policy(place, context);
    case 'stale':
      return stale(place);
    case 'audit':
      return audited(place);
  }
}

async function status(place: Place, context: OperationContext): Promise<Part> {
  const { schema, sizes, runs, refs, ignored } = await readStatus(place);
  const { untrusted } = await context.settings();
  const counts = Object.entries(runs).map(([state, count]) => `${count} ${state}`);
  return {
    items: [
      {
        name: 'workspace',
        text: schema === null ? 'none yet' : `${place.paths.folder}, schema ${schema}`,
      },
      { name: 'runs', text: counts.length === 0 ? 'none' : counts.join(', ') },
      ...Object.entries(sizes).map(([name, { bytes, files }]) => ({
        name: name === 'runs' ? 'evidence' : name,
        text: counted(files, 'file'),
        bytes,
      })),
      {
        name: 'refs',
        text:
          refs === null
            ? 'not a git repository'
            : `${counted(refs.branches, 'branch', 'branches')} mo/*, ${refs.nodes} of nodes, ${refs.parked} parked`,
      },
    ],
    problems: [
      ...(ignored === false
        ? [
            {
              what: 'git does not ignore the workspace.',
              fix: `Put a line with * back into ${place.paths.gitignore}.`,
            },
          ]
        : []),
      ...(untrusted === null
        ? []
        : [problemOf({ code: 'untrusted-settings', ...untrusted }, context)]),
    ],
    next: 'project {what: "stale"} shows what could go.',
  };
}

function problemOf(problem: Problem, { surface }: OperationContext) {
  const [what = '', ...fix] = describeProblem(problem, surface).split(/(?<=\.) /);
  return { what, fix: fix.join(' ') };
}

async function policy(place: Place, context: OperationContext): Promise<Part> {
  const sources = await settingsBySource({ root: place.root, env: context.env });
  const found = new Map<string, { value: string; source: string }>();
  for (const { source, settings } of sources)
    for (const [key, value] of leaves(settings)) found.set(key, { value, source });
  const { untrusted } = await context.settings();
  const sections = await Promise.all(
    policyFiles.map(async (name) => {
      const text = await readText(join(place.root, name));
      const isThere = text !== null && hasPolicy(text);
      return { name, text: isThere ? 'holds the section for workers' : 'holds no section of mo' };
    }),
  );
  return {
    items: [
      ...[...found]
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, { value, source }]) => ({ name, text: `${value} (${source})` })),
      ...(found.size === 0
        ? [{ name: 'settings', text: 'all as they come (docs/settings.md)' }]
        : []),
      ...sections,
    ],
    problems:
      untrusted === null ? [] : [problemOf({ code: 'untrusted-settings', ...untrusted }, context)],
    next: 'project_apply {action: "policy"} previews the section for workers.',
  };
}

/** `limits.usd_per_day` → `20`. Values of environments may be secrets: only their names are told. */
function leaves(value: object, path: readonly string[] = []): [string, string][] {
  return Object.entries(value).flatMap(([key, one]: [string, unknown]): [string, string][] => {
    const place = [...path, key];
    if (path.at(-1) === 'env') return [[place.join('.'), 'set']];
    if (typeof one === 'object' && one !== null && !Array.isArray(one)) return leaves(one, place);
    return [[place.join('.'), settingText(place.join('.'), one)]];
  });
}

/** As a person writes it: durations have become milliseconds. */
function settingText(key: string, value: unknown): string {
  const isDuration = /^retries\.backoff\.(?:base|max)$/.test(key) && typeof value === 'number';
  if (!isDuration) return JSON.stringify(value);
  return value % 1_000 === 0 ? duration(value) : `${value}ms`;
}

/** All that is over, the oldest first; what would be done is said of what is old. */
async function stale(place: Place): Promise<Part> {
  const found = (await readStale(place, 0)).toSorted(
    (one, other) => (other.ageDays ?? -1) - (one.ageDays ?? -1),
  );
  const old = found.filter(({ ageDays }) => ageDays !== null && ageDays >= oldDays);
  const frees = old.reduce((sum, { cleanBytes }) => sum + cleanBytes, 0);
  const moves = old.reduce((sum, { archiveBytes }) => sum + archiveBytes, 0);
  return {
    items: found.map(({ name, ageDays, cleanBytes, archiveBytes, notes }) => ({
      name,
      text: notes.join('; '),
      ...(ageDays === null ? {} : { age_days: ageDays, bytes: cleanBytes + archiveBytes }),
    })),
    problems: [],
    next:
      old.length === 0
        ? youngerNext(found)
        : `${old.length} ended more than ${oldDays} days ago: project_apply {action: "clean"} would free ${size(frees)}, project_apply {action: "archive"} would move ${size(moves)} out of the way.`,
  };
}

function youngerNext(found: readonly Stale[]): string {
  if (found.every(({ ageDays }) => ageDays === null)) return 'No run is over.';
  return `Every run that is over ended less than ${oldDays} days ago: project_apply {action: "clean", older_than_days: 0} takes them all the same.`;
}

async function audited(place: Place): Promise<Part> {
  const { runs, events, receipts, migrated, problems } = await audit(place);
  return {
    items: [
      { name: 'runs', text: String(runs) },
      { name: 'events', text: `${events}, without gaps unless told below` },
      { name: 'receipts', text: `${receipts}, files and commits looked up` },
      ...(migrated === 0 ? [] : [{ name: 'migrated', text: `${migrated}, contents looked up` }]),
    ],
    problems: problems.map(({ of, what, fix }) => ({ what: `${of}: ${what}`, fix })),
  };
}
