import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aNode } from '../core/build.ts';
import { aHouse, type House } from './house.ts';

const recordings = join(import.meta.dirname, '../providers/recordings/codex-0.169.0');

/** Says what the real one said, by whether it is to resume. */
async function playCodex(house: House): Promise<void> {
  const file = join(house.folder, 'codex');
  await writeFile(
    file,
    `#!/bin/sh
case " $* " in
  *" resume "*) cat '${recordings}/session-resume.ndjson' ;;
  *) cat '${recordings}/session-start.ndjson' ;;
esac
`,
  );
  await chmod(file, 0o755);
  house.engine.findBinary = (name) => (name === 'codex' ? [file] : null);
}

const inputsOf = (house: House, runId: string) =>
  house.store.spendRows({ since: 0, runId, limit: 10 }).map((row) => row.spend.input);

test('an attempt that resumes a session of Codex is charged only for what it used itself', async () => {
  const house = await aHouse();
  await playCodex(house);
  const first = await house.create({ nodes: [aNode('a', { provider: 'codex', retries: 0 })] });
  await house.own(first);
  const session = house.store.attempts(first)[0]?.session ?? null;
  const resumed = { provider: 'codex', resume: session, retries: 1 };
  const second = await house.create({ nodes: [aNode('b', resumed)] });
  await house.own(second);
  expect(session).not.toBeNull();
  // Its answer holds no handoff, so the same session is asked for one.
  expect(inputsOf(house, first)).toEqual([13_457, 27_001 - 13_457]);
  // The recording ends at the same total each time, so all that go on with the session later have used nothing.
  expect(new Set(inputsOf(house, second))).toEqual(new Set([0]));
});

test('so is one that is adopted before it has said anything', async () => {
  const house = await aHouse();
  await playCodex(house);
  const first = await house.create({ nodes: [aNode('a', { provider: 'codex', retries: 0 })] });
  await house.own(first);
  const session = house.store.attempts(first)[0]?.session ?? null;
  const resumed = { provider: 'codex', resume: session, retries: 0 };
  const second = await house.create({ nodes: [aNode('b', resumed)] });
  const at = {
    when: 'before' as const,
    at: ({ type }: { type: string }) => type === 'attempt.spawned',
  };
  expect(await house.own(second, { dies: at })).toBe('died');
  expect(await house.own(second)).toBe('ended');
  expect(new Set(inputsOf(house, second))).toEqual(new Set([0]));
});
