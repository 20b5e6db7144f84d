/** `workflow_run` → `workflow run`. */
export function commandName(operation: { name: string }): string {
  return operation.name.replaceAll('_', ' ');
}

/** `wait_s` → `--wait-s`. */
export function flagName(field: string): string {
  return `--${field.replaceAll('_', '-')}`;
}

/** As one word of a shell; what stands in angle brackets is for the reader to fill in. */
export function shellWord(text: string): string {
  if (/^(?:[\w./:-]+|<[\w -]+>)$/.test(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
