import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Scripts } from '../providers/scripted/script.ts';
import { errnoOf } from '../platform/files.ts';
import { fail, reportIt, type CheckPlace } from './check.ts';
import { openSession, type McpSession, type ToolAnswer } from './mcp-session.ts';
import { makeSampleRepository } from './sample-repository.ts';

/** A sample repository with a server in it, and workers that follow a script. */
export type ThrowawayProject = {
  folder: string;
  session: McpSession;
  /** `call`, and throws `check-failed` where the answer is an error. */
  ask: (tool: string, input?: Record<string, unknown>) => Promise<ToolAnswer>;
  /** Polls as a controller does until the run is over or waits for somebody; the state it is in then. */
  endOf: (runId: string) => Promise<string>;
  /** What the owners of a run said. */
  ownerLog: (runId: string) => Promise<string>;
};

export async function makeThrowawayProject(
  place: CheckPlace,
  script: Readonly<Record<string, Scripts>>,
): Promise<ThrowawayProject> {
  const folder = join(place.folder, 'project');
  await mkdir(folder);
  await makeSampleRepository(folder);
  const book = join(place.folder, 'script.json');
  await writeFile(book, JSON.stringify(script));
  const env = { ...place.env, MO_SCRIPT: book };
  const session = await openSession('2026-07-28', { ...place, env, folder });
  const ask: ThrowawayProject['ask'] = async (tool, input) => {
    const answer = await session.call(tool, input);
    if (answer.isError) fail(`${tool} answers: ${answer.text.slice(0, 300)}`, reportIt);
    return answer;
  };
  return {
    folder,
    session,
    ask,
    endOf: async (runId) => {
      for (let since = {}; ;) {
        const { data } = await ask('poll', { run_id: runId, wait_s: 5, ...since });
        const state = String(data['state']);
        if (!['running', 'stopping'].includes(state)) return state;
        since = { since: data['cursor'] };
      }
    },
    ownerLog: (runId) => read(join(folder, '.agent-workspace/runs', runId, 'owner.log')),
  };
}

export function runIdOf({ data }: ToolAnswer): string {
  const parsed = z.object({ run_id: z.string() }).safeParse(data);
  return parsed.success ? parsed.data.run_id : fail('The answer names no run_id.', reportIt);
}

async function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  });
}
