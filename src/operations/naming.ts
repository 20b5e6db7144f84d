/** `workflow_run` → `workflow run`. */
export function commandName(operation: { name: string }): string {
  return operation.name.replaceAll('_', ' ');
}

/** `wait_s` → `--wait-s`. */
export function flagName(field: string): string {
  return `--${field.replaceAll('_', '-')}`;
}
