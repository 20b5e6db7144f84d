import { fieldOf, type Json } from '../core/json.ts';

/** A text with `${inputs.name}` in it. `$${` stands for `${`. */
export type InputValue = string | number | boolean | readonly string[] | readonly Json[];

export type TemplateError = { what: string; fix: string };

/** What may stand between `${` and `}`: declared inputs and, in what a map repeats, the name of an item. */
export type Names = { inputs: readonly string[]; item: string | null };

/** What is wrong with the references of a text. */
export function templateErrors(text: string, names: Names): TemplateError[] {
  const errors: TemplateError[] = [];
  const rest = text.replaceAll(reference, (whole: string, inside: string) => {
    if (!whole.startsWith('$$')) errors.push(...referenceErrors(whole, inside, names));
    return '';
  });
  if (rest.includes('${')) {
    errors.push({ what: 'a ${ is not closed.', fix: 'Close it with }, or write $${.' });
  }
  return errors;
}

/** Every reference replaced by its value; a list is written one entry a line. Values are text: nothing in them is filled in again. */
export function fillTemplate(text: string, values: ReadonlyMap<string, InputValue>): string {
  return text.replaceAll(reference, (whole: string, inside: string) =>
    whole.startsWith('$$') ? whole.slice(1) : textOf(values.get(inputName(inside) ?? '')),
  );
}

/** The same for what a map repeats: the text stays a template, in which only the items are left to fill in. */
export function fillInputs(text: string, values: ReadonlyMap<string, InputValue>): string {
  return text.replaceAll(reference, (whole: string, inside: string) => {
    const name = whole.startsWith('$$') ? null : inputName(inside);
    return name === null ? whole : textOf(values.get(name)).replaceAll('${', () => '$${');
  });
}

/** `${file}` replaced by the items, one a line; `${row.path}` by that field of each. */
export function fillItems(text: string, as: string, items: readonly Json[]): string {
  return replaceItems(text, as, (path) => items.map((item) => itemText(item, path)).join('\n'));
}

/** The same with one item, put as `write` has it. */
export function fillItem(
  text: string,
  as: string,
  item: Json,
  write: (text: string) => string,
): string {
  return replaceItems(text, as, (path) => write(itemText(item, path)));
}

/** The same with something that could be an item, or a field of one, to check what is around it. */
export function fillStandIn(text: string, as: string): string {
  return replaceItems(text, as, () => 'item');
}

/**
 * What somebody typed as a task for each item: `{item}`, or `{item.path}` for a field, becomes a reference (`${item}` is taken too: in
 * double quotes a shell would eat it); all else stays as it is.
 */
export function itemTemplate(text: string, as: string): string {
  const typed = new RegExp(`\\$?\\{\\s*${as}((?:\\.[\\w-]+)*)\\s*\\}|\\$\\{`, 'g');
  return text.replaceAll(typed, (whole: string, path: string | undefined) =>
    whole === '${' ? '$${' : `\${${as}${path ?? ''}}`,
  );
}

/** The fields of items that a text names, `path` for `${row.path}`. */
export function fieldsNamed(text: string, as: string): string[] {
  return [...text.matchAll(reference)].flatMap(([whole, inside = '']) =>
    whole.startsWith('$$') ? [] : (itemPath(inside, as)?.slice(0, 1) ?? []),
  );
}

/** Whether an item stands in the text, so that each item needs one of its own. */
export function namesItem(text: string, as: string): boolean {
  return [...text.matchAll(reference)].some(
    ([whole, inside = '']) => !whole.startsWith('$$') && itemPath(inside, as) !== null,
  );
}

/** An item as text: a text as it is, all else as JSON. A field that is not there is empty. */
export function itemText(item: Json, path: readonly string[] = []): string {
  let value: Json | undefined = item;
  for (const part of path) value = fieldOf(value, part);
  if (value === undefined || (value === null && path.length > 0)) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const reference = /\$\$\{|\$\{([^{}]*)\}/g;

function referenceErrors(whole: string, inside: string, { inputs, item }: Names): TemplateError[] {
  const name = inputName(inside);
  if (name !== null) {
    if (inputs.includes(name)) return [];
    return [
      {
        what: `there is no input ${name}.`,
        fix: `Declare it: inputs: { ${name}: { type: string, required: true } }.`,
      },
    ];
  }
  if (item !== null && itemPath(inside, item) !== null) return [];
  const known = item === null ? '${inputs.<name>}' : `\${${item}} or \${inputs.<name>}`;
  return [
    {
      what: `${whole.slice(0, 80)} cannot be filled in.`,
      fix: `Use ${known}; write $\${ for a plain \${.`,
    },
  ];
}

function replaceItems(text: string, as: string, valueOf: (path: string[]) => string): string {
  return text.replaceAll(reference, (whole: string, inside: string) => {
    if (whole.startsWith('$$')) return whole.slice(1);
    const path = itemPath(inside, as);
    return path === null ? whole : valueOf(path);
  });
}

function inputName(inside: string): string | null {
  return /^\s*inputs\.([a-z_][a-z0-9_]*)\s*$/.exec(inside)?.[1] ?? null;
}

/** The fields behind the name of an item; null when something else is named. */
function itemPath(inside: string, as: string): string[] | null {
  const [name, ...path] = inside.trim().split('.');
  return name === as && path.every((part) => /^[\w-]+$/.test(part)) ? path : null;
}

function textOf(value: InputValue | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'object' ? value.map((one) => itemText(one)).join('\n') : String(value);
}
