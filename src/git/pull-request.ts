import { redact } from '../core/redact.ts';
import type { Environment } from '../platform/environment.ts';
import { runCommand } from '../platform/process.ts';
import { gh } from './gh.ts';
import { glab } from './glab.ts';
import type { PullRequest, RequestPlace, RequestText, RequestTool } from './request-tool.ts';

/** Where and with what the tools are run. */
export type ToolCall = {
  folder: string;
  env: Environment;
  /** argv prefix of a command, or null when it is not installed. */
  findBinary: (name: string) => readonly string[] | null;
  timeoutMs: number;
  signal: AbortSignal;
};

/** A tool is not there, or did not do it; `message` says why, without secrets. */
export class ToolRefusal extends Error {}

/** The one that fits the host and is there; where the host's name does not tell, the one that is signed in at it. Throws ToolRefusal. */
export async function chooseTool(call: ToolCall, host: string): Promise<RequestTool> {
  const there = toolsFor(host).filter(({ binary }) => call.findBinary(binary) !== null);
  const [first, second] = there;
  if (first === undefined) throw new ToolRefusal(notThere(host));
  if (second === undefined) return first;
  for (const tool of there) {
    const answer = await run(call, tool, tool.signedIn(host));
    if (answer.exitCode === 0) return tool;
  }
  throw new ToolRefusal(`neither gh nor glab is signed in at ${host}`);
}

/** The command and the page by which a person opens it, for each tool that may fit. */
export function byHand(
  place: RequestPlace,
  text: RequestText,
): { command: string; page: string }[] {
  return toolsFor(place.host).map((tool) => tool.byHand(place, text));
}

/** All there ever were of the branch. Throws ToolRefusal. */
export async function listRequests(
  call: ToolCall,
  tool: RequestTool,
  place: RequestPlace,
): Promise<PullRequest[]> {
  return reading(tool, tool.readList, await ask(call, tool, { args: tool.list(place), place }));
}

/** The open one of the branch, or a new one: whoever died after opening it finds it again. Throws ToolRefusal. */
export async function openRequest(
  call: ToolCall,
  tool: RequestTool,
  { place, text, fence }: { place: RequestPlace; text: RequestText; fence: () => void },
): Promise<string> {
  const before = await findOpen(call, tool, place);
  if (before !== null) return before;
  fence();
  try {
    const stdout = await ask(call, tool, { args: tool.create(place, text), place });
    const url = reading(tool, tool.readCreated, stdout);
    if (url !== null) return url;
  } catch (cause) {
    if (!(cause instanceof ToolRefusal)) throw cause;
    // It may have been opened all the same: by another owner, or before the answer was lost.
    const found = await findOpen(call, tool, place);
    if (found !== null) return found;
    throw cause;
  }
  const url = await findOpen(call, tool, place);
  if (url === null) throw new ToolRefusal(`${tool.binary} named none`);
  return url;
}

/** Throws ToolRefusal. */
export async function closeRequest(
  call: ToolCall,
  tool: RequestTool,
  { place, request }: { place: RequestPlace; request: PullRequest },
): Promise<void> {
  await ask(call, tool, { args: tool.close(place, request), place });
}

async function findOpen(
  call: ToolCall,
  tool: RequestTool,
  place: RequestPlace,
): Promise<string | null> {
  const all = await listRequests(call, tool, place);
  return all.find(({ state, base }) => state === 'open' && base === place.base)?.url ?? null;
}

function toolsFor(host: string): RequestTool[] {
  const named = [gh, glab].filter(({ hostHint }) => hostHint.test(host));
  return named.length === 0 ? [gh, glab] : named;
}

function notThere(host: string): string {
  const names = toolsFor(host).map(({ binary }) => binary);
  return names.length === 1
    ? `the command ${names.join('')} is not on the PATH`
    : `neither gh nor glab is on the PATH`;
}

/** stdout; anything but exit code 0 is a refusal. */
async function ask(
  call: ToolCall,
  tool: RequestTool,
  { args, place }: { args: string[]; place: RequestPlace },
): Promise<string> {
  const { binary } = tool;
  const result = await run(call, tool, args);
  if (result.exitCode === 0) return result.stdout;
  call.signal.throwIfAborted();
  if (result.timedOut)
    throw new ToolRefusal(`${binary} gave no answer within ${Math.round(call.timeoutMs / 1000)} s`);
  const said = redact(result.stderr.trim() || result.stdout.trim()).slice(-600);
  if (isSignedOut(tool, result.exitCode, said))
    throw new ToolRefusal(
      `${binary} is not signed in at ${place.host} (${binary} auth login --hostname ${place.host})`,
    );
  throw new ToolRefusal(`${binary} refused: ${said === '' ? 'it said nothing' : said}`);
}

/** gh has an exit code of its own for it: https://cli.github.com/manual/gh_help_exit-codes */
function isSignedOut({ binary }: RequestTool, exitCode: number | null, said: string): boolean {
  return binary === 'gh' ? exitCode === 4 : /\b401\b|auth login|not authenticated/i.test(said);
}

function reading<T>({ binary }: RequestTool, read: (stdout: string) => T, stdout: string): T {
  try {
    return read(stdout);
  } catch (cause) {
    throw new ToolRefusal(`the answer of ${binary} cannot be read`, { cause });
  }
}

/** As the user runs it, only that nobody is asked and nothing is drawn. */
async function run(call: ToolCall, { binary }: RequestTool, args: readonly string[]) {
  const [file = binary, ...prefix] = call.findBinary(binary) ?? [];
  return runCommand(file, [...prefix, ...args], {
    cwd: call.folder,
    env: {
      ...call.env,
      GH_PROMPT_DISABLED: '1',
      GH_NO_UPDATE_NOTIFIER: '1',
      GH_FORCE_TTY: undefined,
      GH_DEBUG: undefined,
      NO_PROMPT: '1',
      GLAB_NO_PROMPT: '1',
      GIT_TERMINAL_PROMPT: '0',
      NO_COLOR: '1',
      CLICOLOR_FORCE: undefined,
    },
    timeoutMs: call.timeoutMs,
    signal: call.signal,
    maxBytes: 5_000_000,
    isApart: true,
  });
}
