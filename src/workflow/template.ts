/** A text with `${inputs.name}` in it. `$${` stands for `${`. */
export type InputValue = string | number | boolean | readonly string[];

export type TemplateError = { what: string; fix: string };

/** What is wrong with the references of a text, given the inputs that are declared. */
export function templateErrors(text: string, declared: readonly string[]): TemplateError[] {
  const errors: TemplateError[] = [];
  const rest = text.replaceAll(reference, (whole: string, inside: string) => {
    if (whole.startsWith('$$')) return '';
    const name = inputName(inside);
    if (name === null) {
      errors.push({
        what: `${whole.slice(0, 80)} cannot be filled in.`,
        fix: 'Use ${inputs.<name>}; write $${ for a plain ${.',
      });
    } else if (!declared.includes(name)) {
      errors.push({
        what: `there is no input ${name}.`,
        fix: `Declare it: inputs: { ${name}: { type: string, required: true } }.`,
      });
    }
    return '';
  });
  if (rest.includes('${')) {
    errors.push({ what: 'a ${ is not closed.', fix: 'Close it with }, or write $${.' });
  }
  return errors;
}

/** Every reference replaced by its value; a list is written one entry a line. Values are text: nothing in them is filled in again. */
export function fillTemplate(text: string, values: ReadonlyMap<string, InputValue>): string {
  return text.replaceAll(reference, (whole: string, inside: string) => {
    if (whole.startsWith('$$')) return whole.slice(1);
    const value = values.get(inputName(inside) ?? '');
    if (value === undefined) return '';
    return typeof value === 'object' ? value.join('\n') : String(value);
  });
}

const reference = /\$?\$\{([^{}]*)\}/g;

function inputName(inside: string): string | null {
  return /^\s*inputs\.([a-z_][a-z0-9_]*)\s*$/.exec(inside)?.[1] ?? null;
}
