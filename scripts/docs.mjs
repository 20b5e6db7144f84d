// Writes docs/tools.md from the operations, docs/handoffs.md from the contracts, the table of docs/settings.md from the schema of the
// settings and schema/workflow.json from the schema of workflow files, through the same functions mo uses. `--check` only says whether
// they are up to date.
// Run as: node --import tsx scripts/docs.mjs [--check]
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { contractOf } from '../src/core/handoff.ts';
import { handoffExamples } from '../src/core/handoff-examples.ts';
import { roles } from '../src/core/names.ts';
import { flagWords } from '../src/cli/flag-words.ts';
import { flagsOf } from '../src/cli/flags.ts';
import { answerSchema, toolOf } from '../src/mcp/tool.ts';
import { settingsFile } from '../src/platform/config.ts';
import { commandName, flagName } from '../src/operations/naming.ts';
import { operations } from '../src/operations/operations.ts';
import { workflowJsonSchema } from '../src/workflow/json-schema.ts';

/** What the keys of a mapping with free names are. */
const singular = { providers: 'provider', profiles: 'profile', roles: 'role' };

const pages = [
  { name: 'docs/tools.md', text: pageOf(operations), source: 'the operations' },
  { name: 'docs/handoffs.md', text: pageOfHandoffs(), source: 'src/core/contracts.ts' },
  {
    name: 'docs/settings.md',
    text: withTable(await readFile(new URL('../docs/settings.md', import.meta.url), 'utf8')),
    source: 'src/core/settings.ts',
  },
  { name: 'schema/workflow.json', text: workflowJsonSchema(), source: 'src/workflow/schema.ts' },
];
for (const { name, text, source } of pages) {
  const file = new URL(`../${name}`, import.meta.url);
  if (!process.argv.includes('--check')) {
    await writeFile(file, text);
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
    process.stderr.write(`${name} is not what ${source} says. Run: npm run docs\n`);
    process.exitCode = 1;
  }
}

function pageOf(all) {
  return [
    '# Tools and commands',
    '',
    '<!-- Written by scripts/docs.mjs from src/operations. Change the operation, then run: npm run docs -->',
    '',
    'Every operation is an MCP tool and a command. Both take the same input; `--json` prints what the tool answers as `structuredContent`.',
    'Without `--detach`, `mo run` and `mo workflow run` wait for the end: their `--json` is what the tool answers and, beside it, how the run ended (`state`, `branch`, `target`, `landed`, `cycles`, `progress`, `nodes`, `spend`, `handoffs`, `report`), with `next` reading its result.',
    'Commands only people have (`do`, `bulk`, `watch`, `resume`, `list`, `demo`, `selftest`, `install`, `uninstall`, `doctor`, `update`, `serve`, `trust`) are told by `mo --help`.',
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

function pageOfHandoffs() {
  return [
    '# Handoffs',
    '',
    '<!-- Written by scripts/docs.mjs from src/core/contracts.ts. Change the contract, then run: npm run docs -->',
    '',
    'A handoff is the structured result a node gives to the nodes after it: one JSON object at the end of its answer, which fits the contract of its role, or the JSON Schema that the node names as `output`. Where the CLI can be forced to a schema it is; else the object is taken out of the answer, in a block or bare, with prose around it. Comments and a comma too many are forgiven. What is beyond the contract is dropped, counts of findings above all: how many block is derived from the findings. How handoffs are judged is told in [gates and receipts](gates-and-receipts.md#handoff).',
    '',
    'At most 1,000,000 characters, 20,000 values and 200 levels are taken; keys that reach a prototype are not.',
    '',
    '```sh',
    'mo handoff template --role review                    # contract and example',
    `mo handoff validate --role review --handoff '{"status": "pass", "summary": "Good."}'`,
    `mo handoff repair --role review --handoff '{}'         # the prompt that asks for it again`,
    'mo handoff read --run-id r-7 --node review           # newest attempt, stale ones marked',
    '```',
    '',
    'Every handoff has a `status` and a `summary`. `pass`: done and true. `fail`: done, and the answer is no. `needs_repair`: the work must change first. `blocked`: it could not be done. All fields are asked for; what can be left out is filled in.',
    '',
    '| role | beside status and summary |',
    '|---|---|',
    ...roles.map((role) => {
      const fields = Object.keys(contractOf(role).properties).slice(2);
      return `| [\`${role}\`](#${role}) | ${fields.map((one) => `\`${one}\``).join(', ')} |`;
    }),
    '',
    ...roles.flatMap((role) => [
      `## ${role}`,
      '',
      '| field | type | meaning |',
      '|---|---|---|',
      ...rowsOf(contractOf(role), '').map(
        ({ path, one }) =>
          `| \`${path}\` | ${cell(typeOf(one))} | ${cell(one.description ?? '')} |`,
      ),
      '',
      '```json',
      JSON.stringify(handoffExamples[role], null, 2),
      '```',
      '',
    ]),
  ].join('\n');
}

/** The page with a new table between its marks; the prose around it is written by hand. */
function withTable(page) {
  const [begin, end] = ['<!-- keys: begin -->\n', '<!-- keys: end -->'];
  const start = page.indexOf(begin) + begin.length;
  return page.slice(0, start) + tableOfSettings() + page.slice(page.indexOf(end, start));
}

function tableOfSettings() {
  const schema = z.toJSONSchema(settingsFile, { io: 'input', unrepresentable: 'any' });
  return [
    '<!-- Written by scripts/docs.mjs from src/core/settings.ts. Change the schema, then run: npm run docs -->',
    '',
    '| key | type | unless set | meaning |',
    '|---|---|---|---|',
    ...settingRows(schema, '').map(
      ({ path, one }) =>
        `| \`${path}\` | ${cell(settingType(one))} | ${one.unset ?? ''} | ${cell(one.description ?? '')} |`,
    ),
    '',
    '',
  ].join('\n');
}

/** As `rowsOf`, through mappings with free names too; what holds nothing but others is left out where it says nothing itself. */
function settingRows(schema, above) {
  return Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const path = `${above}${name}`;
    const own =
      one.properties !== undefined && one.description === undefined ? [] : [{ path, one }];
    const free = one.additionalProperties;
    const inner = free?.properties === undefined ? one : free;
    const below = free?.properties === undefined ? path : `${path}.<${singular[name]}>`;
    return [...own, ...settingRows(inner, `${below}.`)];
  });
}

function settingType(one) {
  return one.type === 'object' ? 'mapping' : typeOf(one).replaceAll('object', 'mapping');
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
    ...outputOf(operation, operation.answersInText ? undefined : answerSchema(operation)),
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
      const on = flagName(path.replaceAll('.', '_'));
      const off = on.replace('--', '--no-');
      const flag = flags.has(off) ? off : on;
      const value =
        one.default === undefined
          ? isRequired
            ? 'required'
            : ''
          : `\`${JSON.stringify(one.default)}\``;
      return `| \`${path}\` | ${cell(typeOf(one))} | ${value} | ${flags.has(flag) ? `\`${flag}\`` : ''} | ${cell(one.description ?? flagWords(operation.name, path.split('.')) ?? '')} |`;
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
