import { isAlias, isNode, LineCounter, parseAllDocuments, visit } from 'yaml';
import type { Problem } from './answer.ts';

/** The parser is recursive, and needs time that grows with the square of the depth to find out that it cannot go on. */
const mostOpen = 1_000;

/** Errors of any number of documents. Nothing is made of them, so no alias is followed; custom tags, which only their reader knows, are let stand. */
export function yamlProblems(text: string): Problem[] {
  if (isTooDeep(text)) throw tooDeep();
  const lineCounter = new LineCounter();
  const parsed = parseAllDocuments(text, {
    lineCounter,
    prettyErrors: false,
    // The library compares every key with every other one, and many readers take the last.
    uniqueKeys: false,
    logLevel: 'silent',
  });
  const documents = Array.isArray(parsed) ? parsed : [];
  if (documents.some(({ errors }) => errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION'))) {
    throw tooDeep();
  }
  const placed = (offset: number, message: string): Problem => ({
    line: Math.max(lineCounter.linePos(offset).line, 1),
    message: /[.!?]$/.test(message) ? message : `${message}.`,
  });
  return documents.flatMap((document) => {
    if (document.errors.length > 0) {
      return document.errors.map(({ pos, message }) => placed(pos[0], message));
    }
    const anchors = new Set<string>();
    const problems: Problem[] = [];
    visit(document, (_key, node) => {
      if (isAlias(node)) {
        if (!anchors.has(node.source)) {
          problems.push(placed(node.range?.[0] ?? 0, `There is no anchor &${node.source}.`));
        }
      } else if (isNode(node) && node.anchor !== undefined) {
        anchors.add(node.anchor);
      }
    });
    return problems;
  });
}

/** What a full call stack throws. */
function tooDeep(): RangeError {
  return new RangeError('the text is nested too deeply');
}

/** Brackets that stay open, wherever they stand. */
function isTooDeep(text: string): boolean {
  let open = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '[' || letter === '{') open += 1;
    else if ((letter === ']' || letter === '}') && open > 0) open -= 1;
    if (open > mostOpen) return true;
  }
  return false;
}
