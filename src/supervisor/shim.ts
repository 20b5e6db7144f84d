/**
 * A worker's exit code must outlive the process that started it, so a shell stands between the two: it leads the group, waits, and
 * writes the code down. It has no other work and no other state.
 *
 * - The traps hold a command, not nothing: an empty one would be inherited by the worker as "ignore".
 * - The parentheses reset the traps for the worker; `exec` keeps builtins of the same name out.
 * - From the end of the worker on signals are ignored, else one meant for strays would end `mv`.
 * - `mv` is looked for in the system's folders too: the worker's PATH may be anything.
 */
const script = `
exit_file=$1
shift
trap : INT TERM HUP QUIT
(exec "$@")
code=$?
trap '' INT TERM HUP QUIT
umask 077
printf '{"exitCode":%s}\\n' "$code" >"$exit_file.part" &&
  PATH="$PATH:/usr/bin:/bin" mv -f "$exit_file.part" "$exit_file"
exit "$code"
`;

export const shell = '/bin/sh';

/** Arguments of the shell that runs `argv` and leaves its exit code in `exitFile`. */
export function shimArguments(exitFile: string, argv: readonly string[]): string[] {
  return ['-c', script, 'mo-attempt', exitFile, ...argv];
}
