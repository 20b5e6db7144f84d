// Assembles plugin/ from skill/ and install/plugin/, and writes the marketplaces and server.json, all from what package.json says.
// `--check` only says whether they are up to date.
// Run as: node scripts/plugin.mjs [--check]
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawIcon } from './icon.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path) => readFile(join(root, path));
const readJson = async (path) => JSON.parse(await readFile(join(root, path), 'utf8'));

const { name, version, description, license, keywords, mcpName } = await readJson('package.json');
const owner = { name: 'mo' };
const plugin = 'mo';
const marketplace = name;

const wanted = new Map([
  ...(await pluginFiles()),
  ['.claude-plugin/marketplace.json', asFile(claudeMarketplace())],
  ['.agents/plugins/marketplace.json', asFile(codexMarketplace())],
  ['server.json', asFile(registryEntry())],
]);
const present = [...(await filesIn('plugin'))];
const strangers = present.filter((path) => !wanted.has(path));
if (process.argv.includes('--check')) await tellDifferences();
else await writeAll();

async function pluginFiles() {
  const head = { name: plugin, version, description, author: owner, license, keywords };
  const skill = await Promise.all(
    (await filesIn('skill/orchestrate')).map(async (path) => [
      path.replace('skill/', 'plugin/skills/'),
      await read(path),
    ]),
  );
  const claude = { ...head, ...(await readJson('install/plugin/claude.json')) };
  const codex = { ...head, ...(await readJson('install/plugin/codex.json')) };
  const { type, ...server } = await readJson('install/plugin/server.json');
  const servers = {
    [plugin]: { type, command: 'npx', args: ['-y', `${name}@^${version}`, 'serve'], ...server },
  };
  return [
    ['plugin/.claude-plugin/plugin.json', asFile(claude)],
    ['plugin/.claude-plugin/icon.png', drawIcon()],
    ['plugin/.codex-plugin/plugin.json', asFile(codex)],
    ['plugin/.mcp.json', asFile({ mcpServers: servers })],
    ['plugin/README.md', await read('install/plugin/README.md')],
    ['plugin/LICENSE', await read('LICENSE')],
    ...skill,
  ];
}

function claudeMarketplace() {
  return {
    name: marketplace,
    description,
    owner,
    plugins: [{ name: plugin, source: './plugin', description, version, license, keywords }],
  };
}

/** Codex takes a plugin only from a folder below the marketplace. */
function codexMarketplace() {
  return {
    name: marketplace,
    plugins: [
      {
        name: plugin,
        source: { source: 'local', path: './plugin' },
        policy: { installation: 'AVAILABLE', authentication: 'ON_INSTALL' },
        category: 'Productivity',
      },
    ],
  };
}

/** For the MCP registry, which takes at most 100 characters of description. */
function registryEntry() {
  return {
    $schema: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json',
    name: mcpName,
    title: 'Master Orchestrator',
    description:
      'Several coding agents on one goal: worktrees, gated results, one verified branch.',
    version,
    packages: [
      {
        registryType: 'npm',
        identifier: name,
        version,
        transport: { type: 'stdio' },
        packageArguments: [{ type: 'positional', value: 'serve' }],
        environmentVariables: [
          { name: 'MO_CONCURRENCY', description: 'Workers at once in one run, 1 to 64' },
          { name: 'MO_USD_PER_DAY', description: 'Ceiling in US dollars over all runs of a day' },
        ],
      },
    ],
  };
}

async function writeAll() {
  for (const path of strangers) await rm(join(root, path));
  for (const [path, content] of wanted) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

async function tellDifferences() {
  const same = await Promise.all(
    [...wanted].map(async ([path, content]) => {
      const found = await read(path).catch(() => null);
      return found?.equals(content) === true ? [] : [path];
    }),
  );
  for (const path of [...same.flat(), ...strangers]) {
    process.stderr.write(`${path} is not what scripts/plugin.mjs makes. Run: npm run docs\n`);
    process.exitCode = 1;
  }
}

/** The files of a folder and below it, with slashes, relative to the repository. */
async function filesIn(folder) {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(
    (error) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replaceAll(sep, '/'))
    .toSorted();
}

function asFile(value) {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}
