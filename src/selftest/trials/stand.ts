import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json } from '../../core/json.ts';
import type { Conclusion, WorkerRequest } from '../../core/worker.ts';
import { createGit } from '../../git/git.ts';
import { fail, type CheckPlace } from '../check.ts';
import { driveWorker, type Drive } from '../drive-worker.ts';
import type { InstalledCli } from '../installed-clis.ts';
import type { ModelRequest, ModelScript } from '../model-servers/model-script.ts';
import { startModelServer } from '../model-servers/start-model-server.ts';
import { makeSampleRepository } from '../sample-repository.ts';
import { makeTemporaryHome } from '../temporary-home.ts';

/** A real CLI in a worktree of its own, with a home of its own, whose model does what a trial says. */
export type Stand = {
  cli: InstalledCli;
  place: CheckPlace;
  /** The worktree. */
  folder: string;
  /** From here on the model answers so. */
  play: (script: ModelScript) => void;
  requests: readonly ModelRequest[];
  drive: (prompt: string, request?: Partial<WorkerRequest>, memory?: Json) => Promise<Drive>;
  /** stdout of git in the worktree. */
  git: (...args: string[]) => Promise<string>;
};

export async function onStand(
  cli: InstalledCli,
  place: CheckPlace,
  trial: (stand: Stand) => Promise<string>,
): Promise<string> {
  let script: ModelScript = silent;
  const server = await startModelServer({
    dialect: cli.dialect,
    script: (request) => script(request),
  });
  try {
    const nobody = { anthropic: null, openai: null };
    const home = await makeTemporaryHome({ ...nobody, [cli.dialect]: server.url }, place.folder);
    const folder = join(place.folder, 'worktree');
    const git = await worktreeAt(folder, place);
    return await trial({
      cli,
      place,
      folder,
      play: (next) => (script = next),
      requests: server.requests,
      drive: (prompt, request = {}, memory = null) =>
        driveWorker(cli.provider, prompt, {
          command: cli.command,
          home,
          env: place.env,
          folder,
          request,
          memory,
          outerMarker: place.marker,
        }),
      git: (...args) => git.text(args),
    });
  } finally {
    await server.close();
  }
}

const silent: ModelScript = () => [{ text: 'Nothing to do.' }];

/** Linked, as every writing node gets one. */
async function worktreeAt(folder: string, { folder: top, env, signal }: CheckPlace) {
  const main = join(top, 'main');
  await mkdir(main);
  await makeSampleRepository(main);
  const git = createGit(main, { env, signal });
  await git.text(['worktree', 'add', '--quiet', '--detach', folder]);
  return git.at(folder);
}

/** Throws `check-failed` unless the worker ended well. */
export async function doneBy(drive: Drive): Promise<Conclusion> {
  const end = await drive.end;
  if (end.class !== 'done')
    fail(`It ended as ${end.class}: ${oneLine(end.message || end.stderr)}`, notUsed);
  return end;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 200);
}

export const notUsed =
  'mo does not use this version for what needs that. Install another version and run `mo selftest --hosts` again.';
