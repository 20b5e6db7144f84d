import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRepository, type Repository } from '../../src/git/repository.ts';
import { findBinary } from '../../src/platform/find-binary.ts';
import { aHouse, until, writer, type House } from './house.ts';

/** The repository as an owner sees it that is suspended right before it moves the branch of a run, until the file `go-<name>` is there. */
async function held(house: House, name: string): Promise<Repository> {
  const { env } = house.engine;
  const bin = join(house.folder, `bin-${name}`);
  const git = findBinary('git', env)?.join(' ') ?? '';
  await mkdir(bin);
  await writeFile(
    join(bin, 'git'),
    `#!/bin/sh
case " $* " in
  *update-ref*refs/heads/mo/*)
    touch '${house.folder}/held-${name}'
    until test -e '${house.folder}/go-${name}'; do sleep 0.02; done ;;
esac
exec ${git} "$@"
`,
  );
  await chmod(join(bin, 'git'), 0o755);
  return openRepository(house.repo, { env: { ...env, PATH: `${bin}:${env['PATH'] ?? ''}` } });
}

async function aLanding() {
  const house = await aHouse();
  const runId = await house.create({
    nodes: [
      writer('one', 'echo 1 > one.txt'),
      writer('two', 'echo 2 > two.txt', { needs: ['one'] }),
    ],
  });
  const own = async (repository: Repository | null, heldAs: string | null) => {
    const owned = house.own(runId, { repository });
    if (heldAs !== null) await until(() => house.exists(`held-${heldAs}`));
    // Not the promise itself, which would be waited for.
    return { owned };
  };
  const go = (name: string) => writeFile(join(house.folder, `go-${name}`), '');
  return { house, runId, own, go };
}

async function expectLandedOnce(house: House, runId: string): Promise<void> {
  const landings = house.events(runId).filter((event) => event.type === 'node.landed');
  expect(landings.map((event) => event.node)).toEqual(['one', 'two']);
  expect(house.run(runId).status).toMatchObject({ outcome: 'succeeded' });
  const branch = await house.git('rev-parse', `mo/${runId}`);
  expect(house.run(runId).head?.commit).toBe(branch);
  expect(await house.git('rev-parse', 'main')).toBe(branch);
  expect(await house.git('ls-tree', '--name-only', 'main')).toBe('README.md\none.txt\ntwo.txt');
}

test('an owner that moves the branch after another one has landed changes nothing', async () => {
  const { house, runId, own, go } = await aLanding();
  const late = await own(await held(house, 'late'), 'late');
  const next = await own(house.engine.repository, null);
  expect(await next.owned).toBe('ended');
  await go('late');
  expect(await late.owned).toBe('ended');
  await expectLandedOnce(house, runId);
});

test('an owner that moves the branch right before another one does lands for it', async () => {
  const { house, runId, own, go } = await aLanding();
  const late = await own(await held(house, 'late'), 'late');
  const next = await own(await held(house, 'next'), 'next');
  await go('late');
  expect(await late.owned).toBe('ended');
  await go('next');
  expect(await next.owned).toBe('ended');
  await expectLandedOnce(house, runId);
});
