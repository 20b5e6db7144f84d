import type { Outcome, Problem } from './answer.ts';
import { jsonProblem } from './json-problem.ts';

/** Reads a text as what its kind says. What the parsers throw beside the errors of the text is for the caller to catch. */
export async function readText(text: string, kind: string, name: string): Promise<Outcome> {
  const problems = (await problemsOf(text, kind, name)).slice(0, mostProblems);
  if (problems.length > 0 && isTemplate(text, kind)) {
    return { unchecked: 'it is a template: what it says before it is filled in is nothing' };
  }
  return { problems };
}

/** One mistake often makes a parser see many. */
const mostProblems = 5;

async function problemsOf(text: string, kind: string, name: string): Promise<Problem[]> {
  switch (kind) {
    case 'json':
      return jsonProblems(text, { comments: false });
    case 'jsonc':
      return jsonProblems(text, { comments: true });
    case 'jsonl':
      return linesProblems(text);
    case 'yaml':
      return (await import('./read-yaml.ts')).yamlProblems(text);
    case 'toml':
      return (await import('./read-toml.ts')).tomlProblems(text);
    default:
      return (await import('./read-script.ts')).scriptProblems(text, name);
  }
}

function jsonProblems(text: string, leniency: { comments: boolean }): Problem[] {
  const found = jsonProblem(text, leniency);
  if (found === null) return [];
  return [{ line: lineAt(text, found.offset), message: `${found.message}.` }];
}

function linesProblems(text: string): Problem[] {
  const problems: Problem[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const found = jsonProblem(line, { comments: false });
    if (found !== null) problems.push({ line: index + 1, message: `${found.message}.` });
    if (problems.length >= mostProblems) break;
  }
  return problems;
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1;
  }
  return line;
}

/** Charts, playbooks and scaffolds: `{{ name }}`, `{% if %}`, `<%= name %>`. In a script the first two can be code. */
function isTemplate(text: string, kind: string): boolean {
  if (/<%[=-]?[^%\n]{0,200}%>/.test(text)) return true;
  return kind !== 'script' && /\{\{-?[^{}"\n]{1,200}\}\}|\{%[^%\n]{1,200}%\}/.test(text);
}
