import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import { removeTomlTable, setTomlTable } from '../../src/hosts/toml-text.ts';
import { TextError } from '../../src/hosts/text-error.ts';

const path = ['mcp_servers', 'mo'];
const entry = { command: 'node', args: ['mo.mjs', 'serve'], tool_timeout_sec: 120 };

const others = [
  '# mine',
  'model = "gpt-5.5"   # the one',
  'notice = """',
  '[mcp_servers.mo]',
  'not = "a table"',
  '"""',
  '',
  '[mcp_servers.other]  # keep',
  'args = [ "a", # why',
  '  "b]" ]',
  '',
  '# before the tools',
  '[tui]',
  "path = 'C:\\x'",
  '',
].join('\n');

test('a new table goes behind its kind, and every other byte stays', () => {
  const now = setTomlTable(others, path, entry);
  expect(now).toBe(
    others.replace(
      '  "b]" ]\n',
      '  "b]" ]\n\n[mcp_servers.mo]\ncommand = "node"\nargs = ["mo.mjs", "serve"]\ntool_timeout_sec = 120\n',
    ),
  );
  expect(removeTomlTable(now, path)).toBe(others);
});

test('line ends of Windows are kept', () => {
  const text = others.replaceAll('\n', '\r\n');
  const now = setTomlTable(text, path, entry);
  expect(now.replaceAll('\r\n', '')).not.toContain('\n');
  expect(removeTomlTable(now, path)).toBe(text);
});

test('a table that is there keeps the comments and the keys of its user', () => {
  const text = `[mcp_servers.mo] # mine
command = "old" # c
enabled_tools = ["run"] # only
args = [
  "a", # first
]
env = { A = "b" }

[mcp_servers.mo.tools.stop]
approval_mode = "approve"
`;
  const now = setTomlTable(text, path, { ...entry, tools: { run: { approval_mode: 'approve' } } });
  expect(now).toBe(`[mcp_servers.mo] # mine
command = "node" # c
enabled_tools = ["run"] # only
args = ["mo.mjs", "serve"]
env = { A = "b" }
tool_timeout_sec = 120

[mcp_servers.mo.tools.stop]
approval_mode = "approve"

[mcp_servers.mo.tools.run]
approval_mode = "approve"
`);
  expect(removeTomlTable(now, path)).toBe('');
});

test('a file without a line end at its end gets one before the table', () => {
  expect(setTomlTable('a = 1', path, { command: 'x' })).toBe(
    'a = 1\n\n[mcp_servers.mo]\ncommand = "x"\n',
  );
  expect(setTomlTable('', path, { command: 'x' })).toBe('[mcp_servers.mo]\ncommand = "x"\n');
});

test('keys that need quotes get them', () => {
  const text = setTomlTable('', ['plugins', 'mo@mo-local', 'x'], { on: true });
  expect(parse(text)).toEqual({ plugins: { 'mo@mo-local': { x: { on: true } } } });
});

test('an inline table that cannot be changed in place is refused with its line', () => {
  const text = '# one\nmcp_servers = { mo = { command = "x" } }\n';
  expect(() => setTomlTable(text, path, entry)).toThrow(TextError);
  expect(() => removeTomlTable(text, path)).toThrow(TextError);
});

test('a text that is no TOML is refused with its line', () => {
  const error = caught(() => setTomlTable('a = 1\n[mcp_servers.mo\n', path, entry));
  expect(error.line).toBe(2);
});

function caught(act: () => unknown): TextError {
  try {
    act();
  } catch (error) {
    if (error instanceof TextError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
