// Installs the worker CLIs and MCP tools that test/e2e/real runs (about 880 MB) into a cache: $MO_E2E_CACHE, or `cache` beside this file.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const here = import.meta.dirname;
const cache = resolve(process.env.MO_E2E_CACHE || join(here, 'cache'));
const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const clis = [
  { command: 'claude', version: dependencies['@anthropic-ai/claude-code'] },
  { command: 'codex', version: dependencies['@openai/codex'] },
];

const tools = ['@modelcontextprotocol/inspector', '@modelcontextprotocol/conformance'];

if (clis.every(isInstalled) && tools.every(isThere)) {
  console.log(`Already in ${cache}: ${clis.map(named).join(', ')}, ${tools.join(', ')}.`);
} else {
  mkdirSync(cache, { recursive: true });
  copyFileSync(join(here, 'package.json'), join(cache, 'package.json'));
  run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock']);
  // Where npm is set to run no scripts, the native binary is not yet in its place.
  if (!isInstalled(clis[0]))
    run(process.execPath, ['node_modules/@anthropic-ai/claude-code/install.cjs']);
  const missing = clis.filter((cli) => !isInstalled(cli));
  if (missing.length > 0) {
    console.error(`Installed, but these do not start: ${missing.map(named).join(', ')}.`);
    process.exit(1);
  }
  console.log(`Installed into ${cache}: ${clis.map(named).join(', ')}.`);
}

function isInstalled({ command, version }) {
  const binary = join(cache, 'node_modules/.bin', command);
  const asked = spawnSync(binary, ['--version'], { encoding: 'utf8', timeout: 60_000 });
  return asked.status === 0 && asked.stdout.includes(version);
}

function isThere(tool) {
  const file = join(cache, 'node_modules', tool, 'package.json');
  return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === dependencies[tool];
}

function named({ command, version }) {
  return `${command} ${version}`;
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: cache, stdio: 'inherit' });
  if (status === 0) return;
  console.error(
    `${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''} in ${cache}.`,
  );
  process.exit(1);
}
