import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { expect, test } from 'vitest';

/** docs/architecture.md, "Rooms": what each room may import beside itself. Packages are listed only where a room is held to some. */
const rooms: Record<string, { rooms: string[]; packages?: string[] }> = {
  core: { rooms: [], packages: ['zod', 'minimatch'] },
  platform: { rooms: ['core'] },
  providers: { rooms: ['core'] },
  workflow: { rooms: ['core', 'platform'] },
  store: { rooms: ['core', 'platform'] },
  git: { rooms: ['core', 'platform'] },
  supervisor: { rooms: ['core', 'platform', 'providers'] },
  gates: { rooms: ['core', 'platform', 'git', 'supervisor', 'providers'] },
  engine: {
    rooms: ['core', 'platform', 'providers', 'workflow', 'store', 'git', 'supervisor', 'gates'],
  },
  profiles: { rooms: ['core', 'platform', 'store'] },
  governance: { rooms: ['core', 'platform', 'store', 'git'] },
  selftest: { rooms: ['core', 'platform', 'providers', 'git', 'supervisor'] },
  hosts: { rooms: ['core', 'platform'] },
  operations: {
    rooms: [
      'core',
      'platform',
      'workflow',
      'providers',
      'store',
      'git',
      'engine',
      'governance',
      'profiles',
      'selftest',
      'hosts',
    ],
  },
  mcp: { rooms: ['operations', 'core', 'platform'] },
  cli: { rooms: ['operations', 'core', 'platform'] },
};

const source = resolve(import.meta.dirname, '../src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

test('every room imports only what the table in docs/architecture.md lets it', () => {
  const wrong = files.flatMap((file) =>
    importsOf(file).flatMap((target) => violation(file, target)),
  );
  expect(wrong).toEqual([]);
});

test('only bin.ts imports app.ts', () => {
  const users = files.filter((file) =>
    importsOf(file).some((target) => resolved(file, target) === 'app.ts'),
  );
  expect(users).toEqual(['bin.ts']);
});

test('a provider is known by name in its own folder and in the list, nowhere in core', () => {
  const naming = files.filter(
    (file) =>
      roomOf(file) === 'core' &&
      /['"`](claude|codex)['"`]/.test(readFileSync(join(source, file), 'utf8')),
  );
  expect(naming).toEqual([]);
});

function violation(file: string, target: string): string[] {
  const room = roomOf(file);
  const rule = rooms[room];
  if (rule === undefined)
    return room === file ? [] : [`${file}: folder ${room} is in no row of the table`];
  if (!target.startsWith('.')) {
    const name = target.startsWith('@')
      ? target.split('/').slice(0, 2).join('/')
      : (target.split('/')[0] ?? target);
    const isAllowed = rule.packages === undefined || rule.packages.includes(name);
    return isAllowed ? [] : [`${file} imports ${target}`];
  }
  const other = roomOf(resolved(file, target));
  return other === room || rule.rooms.includes(other) ? [] : [`${file} imports ${target}`];
}

function resolved(file: string, target: string): string {
  return relative(source, resolve(source, dirname(file), target));
}

function roomOf(file: string): string {
  return file.split(sep)[0] ?? file;
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].flatMap(
    (match) => match[1] ?? [],
  );
}
