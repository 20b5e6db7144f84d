const begin = '<!-- mo: begin -->';
const end = '<!-- mo: end -->';
const body = `${begin}
For a goal that several coding agents can share, or whose result has to be proved by gates, use the skill \`orchestrate\` and the tools of the MCP server \`mo\`. One agent is enough for a small change.
${end}`;

/** What every session is told, between marks so that it can be taken out again. */
export function addSnippet(text: string | null): string {
  if (text === null || text.trim() === '') return `${body}\n`;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = body.replaceAll('\n', newline);
  const found = placeOf(text);
  if (found !== null) return text.slice(0, found.start) + lines + text.slice(found.end);
  return `${text}${text.endsWith('\n') ? '' : newline}${newline}${lines}${newline}`;
}

export function removeSnippet(text: string): string {
  const found = placeOf(text);
  if (found === null) return text;
  const before = text.slice(0, found.start).replace(/(\r?\n)\r?\n$/, '$1');
  return before + text.slice(found.end).replace(/^\r?\n/, '');
}

function placeOf(text: string): { start: number; end: number } | null {
  const start = text.indexOf(begin);
  const stop = text.indexOf(end, start);
  return start < 0 || stop < 0 ? null : { start, end: stop + end.length };
}
