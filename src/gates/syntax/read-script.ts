import { parse, type ParserOptions, type ParserPlugin } from '@babel/parser';
import { z } from 'zod';
import type { Problem } from './answer.ts';

/** JavaScript and TypeScript, as module or script. Readable is what one of the dialects of its ending can read; told is what the first one says. */
export function scriptProblems(text: string, name: string): Problem[] {
  let first: Problem | null = null;
  for (const plugins of dialects(text, name.toLowerCase())) {
    try {
      parse(text, { ...options, plugins: [...common, ...plugins] });
      return [];
    } catch (cause) {
      const parsed = parseError.safeParse(cause);
      if (!parsed.success) throw cause;
      const { loc, message } = parsed.data;
      first ??= { line: loc.line, message: message.replace(/ \(\d+:\d+\)$/, '') };
    }
  }
  return first === null ? [] : [first];
}

const parseError = z.object({ message: z.string(), loc: z.object({ line: z.number() }) });

/** What is a question of types, of how a file is loaded or of what another file holds is left to those who know. */
const options: ParserOptions = {
  sourceType: 'unambiguous',
  errorRecovery: false,
  allowAwaitOutsideFunction: true,
  allowImportExportEverywhere: false,
  allowNewTargetOutsideFunction: true,
  allowReturnOutsideFunction: true,
  allowSuperOutsideMethod: true,
  allowUndeclaredExports: true,
  attachComment: false,
};

const common: ParserPlugin[] = [
  'decoratorAutoAccessors',
  'deferredImportEvaluation',
  'deprecatedImportAssert',
  'explicitResourceManagement',
  'exportDefaultFrom',
  'sourcePhaseImports',
];

function dialects(text: string, name: string): ParserPlugin[][] {
  const isTyped = /\.[cm]?tsx?$/.test(name);
  const language: ParserPlugin[] = isTyped
    ? [['typescript', { dts: /\.d\.([^.]+\.)?[cm]?ts$/.test(name) }]]
    : [];
  const hasTags = !isTyped || name.endsWith('x');
  const base: ParserPlugin[] = hasTags ? [...language, 'jsx'] : language;
  const all: ParserPlugin[][] = [[...base, 'decorators-legacy']];
  // The two ways to write decorators exclude each other.
  if (text.includes('@')) all.push([...base, 'decorators']);
  if (!isTyped && text.includes('@flow')) all.push([['flow', { all: true }], 'jsx']);
  return all;
}
