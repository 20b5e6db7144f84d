// Kills owners at random moments for as long as it is told to (minutes, default 10) and compares each run with one that was left alone.
import { isDeepStrictEqual } from 'node:util';
import { killedRun } from '../test/e2e/killing.ts';

const minutes = Number(process.argv[2] ?? '10');
const end = performance.now() + minutes * 60_000;
const alone = await killedRun(0, () => 0);
let runs = 0;
let kills = 0;
while (performance.now() < end) {
  const waits: number[] = [];
  const killed = await killedRun(5 + Math.floor(Math.random() * 20), () => {
    waits.push(1 + Math.floor(Math.random() * 8));
    return waits.at(-1) ?? 1;
  });
  runs += 1;
  kills += killed.kills;
  if (isDeepStrictEqual(killed, { ...alone, kills: killed.kills })) continue;
  console.error(
    `run ${runs}, killed after ${waits.join(', ')} events:`,
    killed,
    'instead of',
    alone,
  );
  process.exitCode = 1;
  break;
}
console.log(`${runs} runs, ${kills} kills`);
