/**
 * Long runs of what the tests do shortly. Ends with exit code 1 at the first difference from a run that was left alone, and says how to
 * see it again.
 *
 *   npm run soak                                     owners of `mo do` killed at random moments, for ten minutes
 *   npm run soak -- owners --minutes 60
 *   npm run soak -- workers --minutes 10             workers killed at random
 *   npm run soak -- workers --seed 17-3              the same choice once more
 *   npm run soak -- boundaries                       the owner killed before and after every event of a run of thirty nodes, one run each: half an hour on two quiet cores
 *   npm run soak -- boundaries --company workers     together with all its workers and gates
 *   npm run soak -- boundaries --every 4 --from 1    every fourth only, the second first
 *   npm run soak -- boundaries --at "after node.landed one 1"
 *   npm run soak -- boundaries --at-once 4           runs at the same time, default 2
 *   npm run soak -- all                              owners and workers for their minutes, boundaries alone and with workers
 */
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { boundaryOf, textOf } from '../test/e2e/crash/boundary.ts';
import { buildOwner } from '../test/e2e/crash/build-owner.ts';
import { runAlone, runKilling, runMatrix, type Cut } from '../test/e2e/crash/matrix.ts';
import { killedRun } from '../test/e2e/killing.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    company: { type: 'string' },
    every: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    at: { type: 'string', multiple: true },
    'at-once': { type: 'string', default: '2' },
  },
});
const owner = await buildOwner();
try {
  await soak(positionals[0] ?? 'owners');
} finally {
  await owner.remove();
}

async function soak(what: string): Promise<void> {
  const companies = companiesOf(what);
  if (what === 'owners' || what === 'all') await soakOwners();
  if (what === 'workers' || what === 'all') await soakWorkers();
  if (what === 'boundaries' || what === 'all')
    for (const company of companies) await soakBoundaries(company);
  if (!['owners', 'workers', 'boundaries', 'all'].includes(what))
    throw new Error(`there is no soak ${what}; there are owners, workers, boundaries, all`);
}

function companiesOf(what: string): ('alone' | 'workers')[] {
  if (values.company === undefined) return what === 'all' ? ['alone', 'workers'] : ['alone'];
  if (values.company === 'alone' || values.company === 'workers') return [values.company];
  throw new Error('--company is alone or workers');
}

function timeIsOver(): () => boolean {
  const end = performance.now() + Number(values.minutes) * 60_000;
  return () => process.exitCode === 1 || performance.now() > end;
}

async function soakOwners(): Promise<void> {
  const alone = await killedRun(0, () => 0);
  let runs = 0;
  let kills = 0;
  for (const isOver = timeIsOver(); !isOver(); runs += 1) {
    const waits: number[] = [];
    const killed = await killedRun(5 + Math.floor(Math.random() * 20), () => {
      waits.push(1 + Math.floor(Math.random() * 8));
      return waits.at(-1) ?? 1;
    });
    kills += killed.kills;
    if (isDeepStrictEqual(killed, { ...alone, kills: killed.kills })) continue;
    console.error(`killed after ${waits.join(', ')} events:`, killed, 'instead of', alone);
    process.exitCode = 1;
  }
  console.log(`owners: ${runs} runs, ${kills} kills`);
}

async function soakWorkers(): Promise<void> {
  const alone = await runAlone(owner.file);
  let runs = 0;
  let kills = 0;
  for (const isOver = timeIsOver(); !isOver();) {
    runs += 1;
    const seed = values.seed ?? `${process.pid}-${runs}`;
    const { killed, differs, log } = await runKilling(owner.file, { alone, seed });
    kills += killed;
    if (differs.length > 0) tell([`--seed ${seed}`, ...differs, log]);
    if (values.seed !== undefined) break;
  }
  console.log(`workers: ${runs} runs, ${kills} kills`);
}

async function soakBoundaries(company: 'alone' | 'workers'): Promise<void> {
  const alone = await runAlone(owner.file);
  const every = alone.boundaries.filter(
    (_, place) => place % Number(values.every) === Number(values.from),
  );
  const boundaries = values.at?.map(boundaryOf) ?? every;
  let runs = 0;
  let failed = 0;
  const onCut = ({ at, differs, log }: Cut): void => {
    runs += 1;
    console.log(`${runs} of ${boundaries.length}, ${company}: ${textOf(at)}`);
    if (differs.length === 0) return;
    failed += 1;
    tell([`--company ${company} --at "${textOf(at)}"`, ...differs, log]);
  };
  const atOnce = Number(values['at-once']);
  await runMatrix(owner.file, { alone, boundaries, company, atOnce, onCut });
  console.log(`boundaries, ${company}: ${runs} of ${alone.boundaries.length}, ${failed} failed`);
}

function tell(lines: readonly string[]): void {
  console.error(lines.join('\n'));
  process.exitCode = 1;
}
