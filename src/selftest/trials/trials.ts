import { join } from 'node:path';
import type { Json } from '../../core/json.ts';
import type { Ability } from '../../core/shown.ts';
import { treeMembers } from '../../platform/process-tree.ts';
import { fail, type Check } from '../check.ts';
import type { InstalledCli } from '../installed-clis.ts';
import type { ModelReply, ModelScript } from '../model-servers/model-script.ts';
import { limitError } from '../model-servers/limit-error.ts';
import { untilThere } from '../until-there.ts';
import { doneBy, notUsed, onStand, type Stand } from './stand.ts';

/** What a CLI has to show. `ability`: what it is not used for when it fails. */
export type Trial = {
  name: string;
  title: string;
  ability: Ability | null;
  run: (stand: Stand) => Promise<string>;
};

/** In the order in which they are shown; without `start` nothing else is tried. */
export const trials: readonly Trial[] = [
  { name: 'start', title: 'starts and answers', ability: 'start', run: starts },
  { name: 'stream', title: 'streams what it does', ability: 'commands', run: streams },
  { name: 'schema', title: 'answers in a schema', ability: 'structuredOutput', run: fitsSchema },
  { name: 'read-only', title: 'is kept from writing', ability: 'readOnly', run: isKept },
  { name: 'limit', title: 'tells a limit', ability: null, run: tellsLimit },
  { name: 'cancel', title: 'can be cancelled', ability: null, run: isCancelled },
  { name: 'resume', title: 'goes on with a session', ability: 'resume', run: goesOn },
  { name: 'usage', title: 'tells its usage', ability: 'usage', run: tellsUsage },
];

/** The trials of one CLI as checks of the selftest. */
export function trialsOf(cli: InstalledCli): readonly Check[] {
  const { name } = cli.provider;
  return trials.map((trial) => ({
    name: `${name}-${trial.name}`,
    title: `${name} ${trial.title}`,
    of: 'environment',
    limitMs: 90_000,
    needs: trial.name === 'start' ? [] : [`${name}-start`],
    run: (place) => onStand(cli, place, trial.run),
  }));
}

async function starts({ play, drive, cli }: Stand): Promise<string> {
  play(() => [{ text: 'Forty-two.' }]);
  const end = await doneBy(await drive('What is six times seven?'));
  if (end.answer.trim() !== 'Forty-two.' || end.exitCode !== 0 || end.session === null)
    fail(`Exit code ${end.exitCode}, session ${end.session}, answer: ${end.answer}`, notUsed);
  return `${cli.version}, exit code 0`;
}

async function streams({ play, drive }: Stand): Promise<string> {
  const replies: ModelReply[] = [
    [{ text: 'I begin.' }, { shell: 'true' }],
    [{ shell: 'echo broken >&2; exit 3' }],
    [{ text: 'Done.' }],
  ];
  play(inTurn(replies));
  const worker = await drive('Run two commands.');
  await doneBy(worker);
  const unknown = worker.events.filter(({ type }) => type === 'unknown');
  if (unknown.length > 0) fail(`${unknown.length} lines that mo does not know.`, notUsed);
  const started = worker.events.filter((event) => event.type === 'tool.started');
  const codes = worker.events.flatMap((event) =>
    event.type === 'tool.ended' ? [event.ok ? 0 : event.exitCode] : [],
  );
  if (started.length !== 2 || codes.join() !== '0,3')
    fail(`Of two commands ${started.length} are seen, exit codes ${codes.join(', ')}.`, notUsed);
  return `${worker.events.length} events, exit codes 0 and 3`;
}

async function fitsSchema({ play, drive, requests }: Stand): Promise<string> {
  const wanted = { verdict: 'good', count: 3 };
  play(() => [{ structured: wanted }]);
  for (const mode of ['read-only', 'write'] as const) {
    const end = await doneBy(await drive('Judge.', { mode, outputSchema: schema }));
    if (JSON.stringify(end.structured) !== JSON.stringify(wanted))
      fail(`The answer in ${mode} mode is not what the schema wants: ${end.answer}`, notUsed);
  }
  if (requests.some((request) => request.schema === null))
    fail('The model was asked without the schema.', notUsed);
  return 'reading and writing';
}

const schema: Json = {
  type: 'object',
  properties: { verdict: { type: 'string' }, count: { type: 'integer' } },
  required: ['verdict', 'count'],
  additionalProperties: false,
};

async function isKept({ play, drive, git, requests }: Stand): Promise<string> {
  const tries: ModelReply[] = [
    [{ write: { path: 'written.txt', text: 'x' } }],
    [{ shell: 'echo x > shell.txt' }],
    [{ shell: 'git commit --allow-empty -m x' }],
    [{ shell: 'rm package.json' }],
  ];
  const before = await git('rev-parse', 'HEAD');
  play(inTurn([...tries, [{ text: 'I tried.' }]]));
  await doneBy(await drive('Try to write.', { mode: 'read-only' }));
  const answered = requests.at(-1)?.results.length ?? 0;
  if (answered !== tries.length)
    fail(`Only ${answered} of ${tries.length} tries were answered.`, notUsed);
  const changed = await git('status', '--porcelain', '--ignored');
  if (changed !== '') fail(`It changed files all the same: ${changed.trim()}`, notUsed);
  if ((await git('rev-parse', 'HEAD')) !== before) fail('It committed all the same.', notUsed);
  return `${tries.length} tries refused`;
}

async function tellsLimit({ cli, play, drive, place }: Stand): Promise<string> {
  play(() => [{ error: limitError(cli.dialect, place.clock.now()) }]);
  const end = await (await drive('Work.')).end;
  if (end.class !== 'quota') fail(`A limit of the vendor reads as ${end.class}.`, notUsed);
  const resets = end.resetsAt === null ? 'without a time' : 'with the time it resets';
  return `quota, ${resets}`;
}

async function isCancelled({ play, drive, folder, place }: Stand): Promise<string> {
  play(inTurn([[{ shell: 'echo $$ > started; while :; do sleep 1; done' }], [{ text: 'never' }]]));
  const worker = await drive('Run for ever.');
  await untilThere(join(folder, 'started'), place);
  const tree = { leader: null, marker: worker.marker };
  const seen = treeMembers(tree).length;
  worker.kill('SIGINT');
  const end = await worker.end;
  if (end.class === 'done') fail('It says it is done although it was interrupted.', notUsed);
  const left = await membersAfter(tree, place);
  if (left > 0) fail(`${left} of its processes go on after SIGINT.`, notUsed);
  return `${seen} processes gone after SIGINT, exit code ${end.exitCode ?? end.signal}`;
}

/** How many are left after a few seconds of grace. */
async function membersAfter(
  tree: Parameters<typeof treeMembers>[0],
  { clock, signal }: Stand['place'],
): Promise<number> {
  const deadline = clock.monotonic() + 10_000;
  while (treeMembers(tree).length > 0 && clock.monotonic() < deadline && !signal.aborted)
    await clock.sleep(50, signal);
  return treeMembers(tree).length;
}

async function goesOn({ cli, play, drive, requests }: Stand): Promise<string> {
  play(() => [{ text: 'Plum it is.' }]);
  const first = await doneBy(await drive('The word is plum.'));
  const memory = cli.provider.resumedMemory?.(first.spend) ?? null;
  const second = await doneBy(await drive('Which word?', { resume: first.session }, memory));
  if (second.session !== first.session) fail('It began a new session.', notUsed);
  if (requests.at(-1)?.prompts.join(' ').includes('The word is plum.') !== true)
    fail('It has forgotten what was said before.', notUsed);
  return 'the same session, and it remembers';
}

async function tellsUsage({ cli, play, drive }: Stand): Promise<string> {
  play(() => [{ text: 'Done.' }, { usage: { input: 1200, cached: 200, output: 30 } }]);
  const { spend } = await doneBy(await drive('Work.'));
  if (spend.input !== 1200 || spend.cached !== 200 || spend.output !== 30)
    fail(`Of 1200, 200 and 30 tokens it tells ${JSON.stringify(spend)}.`, notUsed);
  if (cli.provider.abilities.money && spend.usd === null) fail('It tells no money.', notUsed);
  return spend.usd === null ? 'tokens' : 'tokens and money';
}

/** One reply for each time its tools have answered. */
function inTurn(replies: readonly ModelReply[]): ModelScript {
  return ({ results }) => replies[results.length] ?? replies.at(-1) ?? [];
}
