/** What Claude Code and Codex read in a project before they work there. */
export const policyFiles = ['CLAUDE.md', 'AGENTS.md'] as const;

const first = '<!-- mo:workers begin -->';
/** Where the text before it did not end its last line. */
const firstAfterOpenLine = '<!-- mo:workers begin, after a line without an end -->';
const last = '<!-- mo:workers end -->';

const body = `
## Workers of Master Orchestrator

If the environment variable MO_ATTEMPT_NO is set you are a worker of \`mo\`, on one task in a git worktree of its own:

- Do that task and no other. Change only files in the scope you were given.
- Do not commit, push, merge, rebase or switch branches; what is in the worktree when you end is what counts.
- Claim only what you did: what you say you changed and ran is checked against git and your own events.
- Never write a secret into a file, a log or your answer.
- End with the handoff you were asked for. If you cannot go on, say \`blocked\` in it, and why.
${last}
`;

export function hasPolicy(text: string): boolean {
  return beginOf(text) !== null && text.includes(last);
}

/** The text with mo's section as it is today, at its end or where it was; all else stays letter by letter. */
export function withPolicy(text: string): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const begin = beginOf(text);
  if (begin !== null && hasPolicy(text)) {
    const { before, after } = around(text, begin);
    return `${before}${own(begin, eol)}${after}`;
  }
  if (text === '') return own(first, eol);
  if (text.endsWith('\n')) return `${text}${eol}${own(first, eol)}`;
  return `${text}${eol}${eol}${own(firstAfterOpenLine, eol)}`;
}

/** What the text was before the section came, letter by letter; empty when there was nothing else. */
export function withoutPolicy(text: string): string {
  const begin = beginOf(text);
  if (begin === null || !hasPolicy(text)) return text;
  const { before, after } = around(text, begin);
  const added = begin === first ? /\r?\n$/ : /\r?\n\r?\n$/;
  return `${before.replace(added, '')}${after}`;
}

function own(begin: string, eol: string): string {
  return `${begin}${body}`.replaceAll('\n', eol);
}

function beginOf(text: string): string | null {
  return [first, firstAfterOpenLine].find((one) => text.includes(one)) ?? null;
}

function around(text: string, begin: string): { before: string; after: string } {
  const end = text.indexOf(last) + last.length;
  return {
    before: text.slice(0, text.indexOf(begin)),
    after: text.slice(end).replace(/^\r?\n/, ''),
  };
}
