import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import type { House } from './house.ts';

const pull = z.object({
  number: z.number(),
  head: z.string(),
  base: z.string(),
  title: z.string(),
  body: z.string(),
  state: z.enum(['OPEN', 'CLOSED', 'MERGED']),
});
type Pull = z.infer<typeof pull>;

/**
 * A place for repositories that stands in for the real one: a bare repository behind the address of one, and programs called `gh` or
 * `glab` that answer as those do by their manuals, write their arguments down, and keep pull requests in a file. Nothing leaves the machine.
 */
type Forge = {
  bare: string;
  /** Arguments of every call. */
  calls: () => Promise<string[][]>;
  pulls: () => Promise<Pull[]>;
  setPulls: (pulls: readonly Pull[]) => Promise<void>;
  /** Where the branch of a run is there; null: it is not. */
  tipOf: (branch: string) => Promise<string | null>;
};

export async function aForge(
  house: Pick<House, 'folder' | 'git'>,
  { tools, address = 'https://github.com/acme/shop.git' }: { tools: string[]; address?: string },
): Promise<Forge> {
  const bare = join(house.folder, 'remote.git');
  await house.git('init', '--quiet', '--bare', '-b', 'main', bare);
  await house.git('remote', 'add', 'origin', address);
  await house.git('config', `url.${bare}.pushInsteadOf`, address);
  await house.git('push', '--quiet', 'origin', 'main');
  const bin = join(house.folder, 'bin');
  await mkdir(bin, { recursive: true });
  const state = join(house.folder, 'forge.json');
  const calls = join(house.folder, 'forge-calls');
  await writeFile(state, '[]');
  await writeFile(calls, '');
  for (const tool of tools) {
    const file = join(bin, tool);
    await writeFile(file, program(tool, { state, calls }));
    await chmod(file, 0o755);
  }
  const read = async () => z.array(pull).parse(JSON.parse(await readFile(state, 'utf8')));
  return {
    bare,
    calls: async () =>
      (await readFile(calls, 'utf8'))
        .split('\n')
        .filter((text) => text !== '')
        .map((text) => z.array(z.string()).parse(JSON.parse(text))),
    pulls: read,
    setPulls: (pulls) => writeFile(state, JSON.stringify(pulls)),
    tipOf: async (branch) => {
      const answer = await execa('git', ['rev-parse', '--verify', `refs/heads/${branch}`], {
        cwd: bare,
        reject: false,
      });
      return answer.exitCode === 0 ? answer.stdout : null;
    },
  };
}

/** What it is to do beside its work stands in `<tool>-mode` in the house: `signed-out`, `lost-answer`. */
function program(tool: string, { state, calls }: { state: string; calls: string }): string {
  return `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs');
const args = process.argv.slice(2);
appendFileSync(${JSON.stringify(calls)}, JSON.stringify([${JSON.stringify(tool)}, ...args]) + '\\n');
const mode = existsSync(process.env.HOUSE + '/${tool}-mode') ? readFileSync(process.env.HOUSE + '/${tool}-mode', 'utf8') : '';
const pulls = JSON.parse(readFileSync(${JSON.stringify(state)}, 'utf8'));
const save = () => writeFileSync(${JSON.stringify(state)}, JSON.stringify(pulls));
const after = (name) => args[args.indexOf(name) + 1];
const end = (code, out, err) => { if (out) process.stdout.write(out + '\\n'); if (err) process.stderr.write(err + '\\n'); process.exit(code); };
const open = (pull) => {
  if (pulls.some((one) => one.state === 'OPEN' && one.head === pull.head && one.base === pull.base)) return null;
  const made = { number: pulls.length + 1, state: 'OPEN', ...pull };
  pulls.push(made);
  save();
  return made;
};
${tool === 'gh' ? ghProgram : glabProgram}`;
}

const ghProgram = `
const urlOf = (pull) => 'https://' + 'github.com/acme/shop/pull/' + pull.number;
if (mode === 'signed-out') end(4, '', 'To get started with GitHub CLI, please run:  gh auth login');
if (process.env.GH_PROMPT_DISABLED !== '1') end(1, '', 'it would ask');
const what = args[0] + ' ' + args[1];
if (what === 'auth status') end(0);
if (what === 'pr list') {
  const found = pulls.filter((pull) => pull.head === after('--head')).toReversed();
  end(0, JSON.stringify(found.map((pull) => ({ url: urlOf(pull), state: pull.state, baseRefName: pull.base, isCrossRepository: false }))));
}
if (what === 'pr create') {
  const made = open({ head: after('--head'), base: after('--base'), title: after('--title'), body: readFileSync(after('--body-file'), 'utf8') });
  if (made === null) end(1, '', 'a pull request for branch already exists');
  if (mode === 'lost-answer') end(1, '', 'Post "https://api.github.com/graphql": EOF');
  end(0, urlOf(made));
}
if (what === 'pr close') {
  for (const pull of pulls) if (urlOf(pull) === args[2]) pull.state = 'CLOSED';
  save();
  end(0);
}
end(1, '', 'unknown command');
`;

const glabProgram = `
const states = { OPEN: 'opened', CLOSED: 'closed', MERGED: 'merged' };
const shown = (pull) => ({ iid: pull.number, web_url: 'https://git.example.org/team/web/shop/-/merge_requests/' + pull.number, state: states[pull.state], target_branch: pull.base, source_project_id: 1, target_project_id: 1 });
const fields = Object.fromEntries(args.flatMap((arg, at) => (/^--(raw-)?field$/.test(arg) ? [args[at + 1]] : [])).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
if (args[0] === 'auth') end(mode === 'signed-out' ? 1 : 0);
if (mode === 'signed-out') end(1, '{"message":"401 Unauthorized"}', 'glab: 401 Unauthorized (HTTP 401)');
const [path, query = ''] = args[1].split('?');
if (!path.startsWith('projects/team%2Fweb%2Fshop/merge_requests')) end(1, '{"message":"404 Project Not Found"}', 'glab: 404');
if (!args.includes('--method')) {
  const head = new URLSearchParams(query).get('source_branch');
  end(0, JSON.stringify(pulls.filter((pull) => pull.head === head).toReversed().map(shown)));
}
if (after('--method') === 'POST') {
  const made = open({ head: fields.source_branch, base: fields.target_branch, title: fields.title, body: readFileSync(fields.description.slice(1), 'utf8') });
  if (made === null) end(1, '{"message":["Another open merge request already exists"]}', 'glab: 409');
  end(0, JSON.stringify(shown(made)));
}
for (const pull of pulls) if (path.endsWith('/' + pull.number)) pull.state = 'CLOSED';
save();
end(0, '{}');
`;
