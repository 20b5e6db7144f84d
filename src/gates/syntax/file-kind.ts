/** Who can read a file: the reader of mo (`json` to `script`), or a program of this machine. */
export type FileKind =
  | 'json'
  | 'jsonc'
  | 'jsonl'
  | 'yaml'
  | 'toml'
  | 'script'
  | 'python'
  | 'bash'
  | 'sh'
  | 'go'
  | 'rust';

const kinds: Readonly<Record<string, FileKind>> = {
  json: 'json',
  geojson: 'json',
  webmanifest: 'json',
  jsonc: 'jsonc',
  'code-workspace': 'jsonc',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  yaml: 'yaml',
  yml: 'yaml',
  toml: 'toml',
  js: 'script',
  jsx: 'script',
  mjs: 'script',
  cjs: 'script',
  ts: 'script',
  tsx: 'script',
  mts: 'script',
  cts: 'script',
  py: 'python',
  pyi: 'python',
  sh: 'bash',
  bash: 'bash',
  go: 'go',
  rs: 'rust',
};

/** Files named `.json` whose readers let comments stand. */
const withComments =
  /^(?:[tj]sconfig.*|\.?eslintrc|\.?devcontainer|\.?swcrc|api-extractor.*|babel\.config|biome|deno|nx|project|turbo|typedoc|wrangler|settings|launch|tasks|extensions|keybindings|language-configuration|\.oxlintrc|\.oxfmtrc|\.jshintrc)\.json$/i;

/** By the end of the name; null: not known by its name. */
export function kindOfName(path: string): FileKind | null {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  if (dot <= 0) return null;
  const kind = kinds[name.slice(dot + 1).toLowerCase()] ?? null;
  return kind === 'json' && withComments.test(name) ? 'jsonc' : kind;
}

/** Only a file without an ending is asked for its first line: whatever else begins with `#!` has said by its name what it is. */
export function mayHaveShebang(path: string): boolean {
  return !path.slice(path.lastIndexOf('/') + 1).includes('.');
}

/**
 * By what the file begins with, which for a shell is more exact than its name. null: in no language that is checked; `known` is what its
 * name says.
 */
export function kindOfContent(known: FileKind | null, content: Buffer): FileKind | null {
  if (known !== null && known !== 'bash' && known !== 'script' && known !== 'python') return known;
  const start = content.toString('latin1', 0, 200);
  // `.ts` are translations of Qt, too.
  if (known === 'script') return /^\s*<(?:\?xml|!DOCTYPE)/i.test(start) ? null : known;
  const program = /^#!\s*(?:\S*\/)?(?:env\s+(?:-\S+\s+)*)?(?:\S*\/)?([A-Za-z0-9_.-]+)/.exec(
    start,
  )?.[1];
  if (program === undefined) return known;
  if (program.startsWith('python2')) return null;
  if (program.startsWith('python')) return 'python';
  if (/^(?:node|deno|bun)$/.test(program)) return 'script';
  if (program === 'bash') return 'bash';
  return /^(?:sh|dash|ash)$/.test(program) ? 'sh' : null;
}
