import { isDeepStrictEqual } from 'node:util';
import { textOf, type Boundary } from './boundary.ts';
import { makeCrashRig, type Death } from './crash-rig.ts';
import { killWorkers } from './kill-workers.ts';
import type { Remains } from './remains.ts';
import { thirtyScripts, thirtySpec } from './thirty.ts';

/** A run that was left alone, and where a run like it can be cut off. */
export type Alone = { remains: Remains; boundaries: Boundary[] };

/** How a run that was cut off differs from one that was left alone: lines of `what: this instead of that`. */
export type Cut = { at: Boundary; differs: string[]; log: string };

export async function runAlone(owner: string): Promise<Alone> {
  const { remains, appends } = await run(owner, []);
  // How many owners a run needs depends on how fast it is answered.
  const events = appends.filter((name) => !/^run\.owned .* (?!1$)/.test(name));
  return {
    remains,
    boundaries: events.flatMap((event): Boundary[] => [
      { when: 'before', event },
      { when: 'after', event },
    ]),
  };
}

/** Runs of the same workflow, each cut off at one boundary, so many at once. Tells of each as it ends. */
export async function runMatrix(
  owner: string,
  wish: {
    alone: Alone;
    boundaries: readonly Boundary[];
    company: Death['company'];
    atOnce: number;
    onCut: (cut: Cut) => void;
  },
): Promise<void> {
  const { alone, company, atOnce, onCut } = wish;
  const left = [...wish.boundaries];
  const lane = async (): Promise<void> => {
    for (let at = left.shift(); at !== undefined; at = left.shift()) {
      const { died, remains, log } = await run(owner, [{ at, company }]);
      const differs = compare(company, remains, alone.remains);
      onCut({
        at,
        differs: died === 1 ? differs : [`no owner died ${textOf(at)}`, ...differs],
        log,
      });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

/** A run whose workers are killed at random, `seed` says which. Answers with how many were, and how the run differs from one that was left alone. */
export async function runKilling(
  owner: string,
  { alone, seed }: { alone: Alone; seed: string },
): Promise<{ killed: number; differs: string[]; log: string }> {
  const rig = await makeCrashRig(owner, { spec: thirtySpec, scripts: thirtyScripts });
  const over = new AbortController();
  try {
    const killing = killWorkers(rig, { seed, signal: over.signal });
    await rig.live([]).finally(() => over.abort());
    const differs = compare('workers', await rig.remains(), alone.remains);
    return { killed: await killing, differs, log: await rig.log() };
  } finally {
    await rig.end();
  }
}

async function run(owner: string, deaths: readonly Death[]) {
  const rig = await makeCrashRig(owner, { spec: thirtySpec, scripts: thirtyScripts });
  try {
    const died = await rig.live(deaths);
    return {
      died,
      remains: await rig.remains(),
      appends: await rig.appends(),
      log: await rig.log(),
    };
  } finally {
    await rig.end();
  }
}

/** Workers that died with their owner are done once more, nothing else is. A worker that never began is lost without having been done. */
function compare(company: Death['company'], one: Remains, other: Remains): string[] {
  const { lost, ...rest } = one;
  if (company === 'alone') return differences(rest, other);
  const { executions, ...result } = rest;
  const nodes = Object.keys({ ...executions, ...other.executions });
  return [
    ...differences(result, other),
    ...nodes.flatMap((node) => {
      const [count = 0, least = 0] = [executions[node], other.executions[node]];
      return count >= least && count <= least + (lost[node] ?? 0)
        ? []
        : [`${node} was done ${count} times, lost ${lost[node] ?? 0} times`];
    }),
  ];
}

function differences(one: Partial<Remains>, other: Remains): string[] {
  const wanted = new Map<string, unknown>(Object.entries(other));
  return Object.entries(one).flatMap(([key, value]) => differ(key, value, wanted.get(key)));
}

/** Of lists and records only what differs in them. */
function differ(what: string, one: unknown, other: unknown): string[] {
  if (isDeepStrictEqual(one, other)) return [];
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return [`${what}: ${JSON.stringify(one)} instead of ${JSON.stringify(other)}`];
  const parts = new Map<string, unknown>(Object.entries(one));
  const others = new Map<string, unknown>(Object.entries(other));
  return [...new Set([...parts.keys(), ...others.keys()])].flatMap((key) =>
    differ(`${what} ${key}`, parts.get(key), others.get(key)),
  );
}
