// Writes docs/tools.md from the operations, through the same functions the surfaces use. `--check` only says whether it is up to date.
// Run as: node --import tsx scripts/docs.mjs [--check]
import { readFile, writeFile } from 'node:fs/promises';
import { flagsOf } from '../src/cli/flags.ts';
import { toolOf } from '../src/mcp/tool.ts';
import { commandName, flagName } from '../src/operations/naming.ts';
import { operations } from '../src/operations/operations.ts';

const file = new URL('../docs/tools.md', import.meta.url);
const page = pageOf(operations);
if (process.argv.includes('--check')) {
  const found = await readFile(file, 'utf8').catch(() => '');
  if (found !== page) {
    process.stderr.write('docs/tools.md is not what the operations say. Run: npm run docs\n');
    process.exitCode = 1;
  }
} else {
  await writeFile(file, page);
}

function pageOf(all) {
  return [
    '# Tools and commands',
    '',
    '<!-- Written by scripts/docs.mjs from src/operations. Change the operation, then run: npm run docs -->',
    '',
    'Every operation is an MCP tool and a command. Both take the same input; `--json` prints what the tool answers as `structuredContent`.',
    'Commands only people have (`do`, `watch`, `resume`, `list`, `demo`, `serve`, `trust`) are told by `mo --help`.',
    '',
    '| tool | command | kind | does |',
    '|---|---|---|---|',
    ...all.map(
      (one) =>
        `| [\`${one.name}\`](#${one.name}) | \`mo ${commandName(one)}\` | ${one.kind} | ${cell(one.title)} |`,
    ),
    '',
    ...all.flatMap(sectionOf),
  ].join('\n');
}

function sectionOf(operation) {
  const tool = toolOf(operation);
  return [
    `## ${operation.name}`,
    '',
    `${operation.title}.`,
    '',
    prose(operation.summary),
    '',
    `- **Command:** \`${usageOf(operation)}\``,
    `- **Toolset:** \`${operation.toolset}\``,
    `- **Annotations:** ${hintsOf(tool.annotations)}`,
    '',
    ...inputOf(operation, tool.inputSchema),
    ...outputOf(operation, tool.outputSchema),
  ];
}

function usageOf(operation) {
  const first = operation.positional.map((field) => ` [${field.replaceAll('_', '-')}]`).join('');
  const flags = flagsOf(operation.input).length === 0 ? '' : ' [options]';
  return `mo ${commandName(operation)}${first}${flags}`;
}

function hintsOf({ title: _title, ...hints }) {
  return Object.entries(hints)
    .map(([name, value]) => `\`${name}: ${value}\``)
    .join(', ');
}

function inputOf(operation, schema) {
  const rows = rowsOf(schema, '');
  if (rows.length === 0) return ['**Input:** none.', ''];
  const flags = new Set(flagsOf(operation.input).map(({ option }) => option.long));
  return [
    '**Input**',
    '',
    '| field | type | default | flag | meaning |',
    '|---|---|---|---|---|',
    ...rows.map(({ path, one, isRequired }) => {
      const flag = flagName(path);
      const value =
        one.default === undefined
          ? isRequired
            ? 'required'
            : ''
          : `\`${JSON.stringify(one.default)}\``;
      return `| \`${path}\` | ${cell(typeOf(one))} | ${value} | ${flags.has(flag) ? `\`${flag}\`` : ''} | ${cell(one.description ?? '')} |`;
    }),
    '',
  ];
}

function outputOf(operation, schema) {
  if (schema === undefined) return ['**Output:** text, and nothing else.', ''];
  return [
    '**Output**',
    '',
    '| field | type |',
    '|---|---|',
    ...rowsOf(schema, '').map(
      ({ path, one, isRequired }) =>
        `| \`${path}\` | ${cell(typeOf(one))}${isRequired ? '' : ', may be missing'} |`,
    ),
    '',
  ];
}

/** The fields of an object, those of objects inside it below them. */
function rowsOf(schema, above) {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const path = `${above}${name}`;
    const inner = innerOf(one);
    return [
      { path, one, isRequired: required.has(name) },
      ...(inner === null ? [] : rowsOf(inner.schema, `${path}${inner.suffix}.`)),
    ];
  });
}

function innerOf(one) {
  const object = (one.anyOf ?? [one]).find((choice) => choice.properties !== undefined);
  if (object !== undefined) return { schema: object, suffix: '' };
  return one.items?.properties === undefined ? null : { schema: one.items, suffix: '[]' };
}

function typeOf(one) {
  if (one.anyOf !== undefined) return one.anyOf.map(typeOf).join(' or ');
  if (one.enum !== undefined) return one.enum.map((value) => `\`${value}\``).join(', ');
  if (one.const !== undefined) return `\`${JSON.stringify(one.const)}\``;
  if (one.type === 'array')
    return `list of ${one.items === undefined ? 'anything' : typeOf(one.items)}`;
  const bounds = [
    ...(one.minimum === undefined ? [] : [`from ${one.minimum}`]),
    ...(one.exclusiveMinimum === undefined ? [] : [`above ${one.exclusiveMinimum}`]),
    ...(one.maximum === undefined ? [] : [`to ${one.maximum}`]),
    ...(one.maxLength === undefined ? [] : [`at most ${one.maxLength} characters`]),
  ];
  const names = [one.type ?? 'anything']
    .flat()
    .map((name) => (name === 'integer' ? 'whole number' : name));
  return [names.join(' or '), ...bounds].join(' ');
}

/** `mo/<run>` is no HTML. */
function prose(text) {
  return text.replaceAll('<', '&lt;');
}

function cell(text) {
  return prose(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
}
