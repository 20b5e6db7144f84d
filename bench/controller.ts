import { poll } from '../src/operations/poll.ts';
import { takePicture } from '../src/operations/take-picture.ts';
import { median } from './figure.ts';
import { openProject } from './project.ts';

const rounds = 20;

/** A process of its own that looks at a run, as controllers do: `controller.ts <folder> <run>` prints its medians as JSON. */
const [folder = '', runId = ''] = process.argv.slice(2);
const { store, context } = await openProject(folder);
const pollTimes: number[] = [];
const pictureTimes: number[] = [];
let bytes = 0;
for (let round = 0; round < rounds; round += 1) {
  const from = performance.now();
  const { data } = await poll.call({ run_id: runId, wait_s: 0 }, context);
  pollTimes.push(performance.now() - from);
  bytes = Math.max(bytes, Buffer.byteLength(JSON.stringify(data)));
  const then = performance.now();
  await takePicture(context, runId);
  pictureTimes.push(performance.now() - then);
}
store.close();
const seen = { pollMs: median(pollTimes), pictureMs: median(pictureTimes), bytes };
process.stdout.write(`${JSON.stringify(seen)}\n`);
