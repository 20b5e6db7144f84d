import type { Finding } from '../../core/gate.ts';
import type { SyntaxCommands } from '../../core/node.ts';
import { changedFiles, exitHint } from '../command.ts';
import { lastLines } from '../command-output.ts';
import type { Place } from './job.ts';
import { runEach } from './run-each.ts';

const timeoutMs = 10 * 60_000;

/** The command of the longest ending that fits; undefined: the settings say nothing about this file. */
export function commandFor(commands: SyntaxCommands, path: string): string | false | undefined {
  const endings = Object.keys(commands)
    .filter((ending) => path.toLowerCase().endsWith(ending.toLowerCase()))
    .toSorted((one, other) => other.length - one.length);
  return commands[endings[0] ?? ''];
}

/** Runs what the settings name, in the worktree, so that tools of the project are found and the file lies where it belongs. */
export async function runProjectCommands(
  files: ReadonlyMap<string, readonly string[]>,
  place: Place,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [index, [command, paths]] of [...files].entries()) {
    // Quotes around it are taken as well: with them it would stand outside of any.
    const safe = command.replaceAll(/"\{file\}"|'\{file\}'|\{file\}/g, '"$MO_FILE"');
    const names = paths.map((path) => `./${path}`);
    const { how, ends } = await runEach(safe, names, place, {
      timeoutMs,
      name: `project-${index}`,
    });
    if (how.how !== 'ended') findings.push(unfinished(command));
    for (const { file, exitCode, output } of ends) {
      if (exitCode !== null && exitCode !== 0) {
        findings.push(refused(command, file.slice(2), { exitCode, output }));
      }
    }
    if ((await place.context.work?.isUnchanged()) === false) {
      findings.push(changedFiles(command));
      break;
    }
  }
  return findings;
}

function refused(
  command: string,
  path: string,
  { exitCode, output }: { exitCode: number; output: string },
): Finding {
  const said = lastLines(output);
  return {
    severity: 'major',
    title: `\`${command}\` ended with exit code ${exitCode}${exitHint(exitCode)}`,
    file: path,
    line: lineIn(output, path),
    evidence: said === '' ? 'It printed nothing.' : said,
  };
}

function lineIn(output: string, path: string): number | null {
  const at = output.indexOf(path);
  const found = at < 0 ? null : /^[:(](\d{1,9})\b/.exec(output.slice(at + path.length));
  return found === null ? null : Number(found[1]);
}

function unfinished(command: string): Finding {
  return {
    severity: 'major',
    title: `\`${command}\` did not end within ${timeoutMs / 1000} s for all files and was killed`,
    file: null,
    line: null,
    evidence:
      'It is run once for each changed file of its kind. Name a faster one under gates.syntax.',
  };
}
