import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { done, review, writes } from '../rig.ts';

const routes = ['search', 'export', 'import', 'stats', 'labels', 'archive', 'health', 'batch'];

/** Nodes with a worker in the order in which they can end. */
const workers = ['validator', ...routes, 'docs', 'review'];

/** A feature of twelve nodes as a controller writes it after the guide: one contract, eight routes beside each other, docs, review, gate. */
export const workflow = `version: 1
name: eight-routes
description: Eight routes that refuse bad bodies with 400 and the fields at fault.
defaults: { provider: scripted, timeout: 15m, retries: 2 }
concurrency: 8
land: branch
gates: ["npm test"]
nodes:
  validator:
    write: true
    scope: { allow: ["src/validate.js", "test/validate.test.js"] }
    task: |
      Add src/validate.js. It exports validate(schema, body), which returns
      { ok: true, value } or { ok: false, errors: [{ field, message }] }.
      schema maps a field to { type: 'string' | 'number', required: boolean }.
      Test it in test/validate.test.js. Change no other file.
    gates: ["test -s src/validate.js"]
${routes.map(route).join('\n')}
  docs:
    needs: [${routes.join(', ')}]
    role: documentation
    write: true
    scope: { allow: ["docs/api.md"] }
    task: Say in docs/api.md what each new route of src/routes answers, and that a bad body gives 400 with its errors.
  review:
    needs: [docs]
    role: review
    task: Judge whether every new route refuses a bad body as docs/api.md says, and whether anything that worked before is broken.
  quality:
    kind: gate
    needs: [review]
    pass_when: ['review.blocking_count == 0']
`;

/** What has to be on the branch in the end. */
export const files = ['src/validate.js', ...routes.map(fileOf), 'docs/api.md'];

/** Each worker waits for its turn, so that every one of them is news of its own: the most polls that a run like this can cost. */
export async function writeBook(folder: string): Promise<string> {
  const wait = join(folder, 'wait');
  await writeFile(wait, `until test -e '${folder}'/turn-"$1"; do sleep 0.1; done\n`);
  const scripts = workers.map((node, at) => {
    const turn = { do: 'shell', command: `sh ${wait} ${at}`, force: true };
    return [node, [turn, used, ...work(node)]] as const;
  });
  const book = join(folder, 'book.json');
  await writeFile(book, JSON.stringify(Object.fromEntries(scripts)));
  return book;
}

const used = { do: 'usage', usd: 0.12, input: 40_000, cached: 30_000, output: 2_000 };

/** Lets the worker at that place of the order go on. */
export function giveTurn(folder: string, at: number): Promise<void> {
  return writeFile(join(folder, `turn-${at}`), '');
}

function work(node: string): unknown[] {
  if (node === 'review') return review();
  if (node === 'docs') return writes('docs/api.md', '# Routes\n');
  const file = node === 'validator' ? 'src/validate.js' : fileOf(node);
  const test = `test/${node === 'validator' ? 'validate' : node}.test.js`;
  return [
    { do: 'write', path: test, text: "import 'node:test';\n" },
    { do: 'write', path: file, text: `export const name = '${node}';\n` },
    done,
  ];
}

function fileOf(name: string): string {
  return `src/routes/${name}.js`;
}

function route(name: string): string {
  return `  ${name}:
    needs: [validator]
    write: true
    scope: { allow: ["${fileOf(name)}", "test/${name}.test.js"] }
    task: Add ${fileOf(name)} with POST /${name}, which checks its body with validate of src/validate.js and answers 400 with the errors, and its test test/${name}.test.js. Change no other file.
    gates: ["test -s ${fileOf(name)}"]`;
}
