import { join } from 'node:path';
import { table, type Figure } from './figure.ts';
import { describeMachine } from './machine.ts';

/** `npm run bench`, or `npm run bench -- intake serve` for some of it. */
const parts: Readonly<Record<string, () => Promise<Figure[]>>> = {
  // First: what the others leave on the heap would hide how much this one takes.
  intake: async () => (await import('./intake.ts')).measureIntake(),
  poll: async () => (await import('./poll.ts')).measurePoll(),
  serve: async () => (await import('./serve-start.ts')).measureServeStart(),
  scheduling: async () => (await import('./scheduling.ts')).measureScheduling(),
  workflow: async () => (await import('./workflow.ts')).measureWorkflow(),
  resume: async () => (await import('./resume.ts')).measureResume(),
  map: async () => (await import('./map.ts')).measureMap(),
  slots: async () => (await import('./slots.ts')).measureSlots(),
  do: async () => (await import('./do.ts')).measureDo(),
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(parts, name));
if (unknown !== undefined)
  throw new Error(`there is no ${unknown}; there are ${Object.keys(parts).join(', ')}`);

console.log(describeMachine(join(import.meta.dirname, '..')).join('\n'));
const figures: Figure[] = [];
for (const [name, measure] of Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.error(`${name} …`);
  figures.push(...(await measure()));
}
console.log(`\n${table(figures)}`);
