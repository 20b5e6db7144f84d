import type {
  ReadResourceResult,
  ResourceTemplateType as Template,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { closest } from '../core/closest.ts';
import { MoError } from '../core/problem.ts';
import type { OperationContext } from '../operations/context.ts';
import type { Answer, Operation } from '../operations/operation.ts';
import { answerLimitBytes } from './answer.ts';

const parts = [
  { part: 'report', title: 'Report of a run', mimeType: 'text/markdown' },
  { part: 'diff', title: 'What a run has changed', mimeType: 'text/x-diff' },
  { part: 'events', title: 'What happened in a run', mimeType: 'application/x-ndjson' },
] as const;

/** What a person can put into a conversation with `@`; each reads like `output` of the same part. */
export const resourceTemplates: readonly Template[] = parts.map(({ part, title, mimeType }) => ({
  name: part,
  title,
  uriTemplate: `mo://runs/{id}/${part}`,
  description: `${title}; more of a long one with ?cursor=`,
  mimeType,
}));

/** Throws MoError for what the caller can mend. `output`: the operation of that name. */
export async function readResource(
  uri: string,
  output: Operation,
  context: OperationContext,
): Promise<ReadResourceResult> {
  const { run, part, mimeType, cursor } = placeOf(uri);
  const answer = await output.call(
    { run_id: run, part, cursor, max_bytes: answerLimitBytes },
    context,
  );
  return {
    contents: [
      {
        uri,
        mimeType,
        text: part === 'events' ? eventLines(answer, run) : (answer.text ?? answer.reading),
      },
    ],
  };
}

const page = z.object({ text: z.string(), cursor: z.number(), next: z.string().nullable() });

/** Each line stays JSON: the last one names what follows. */
function eventLines({ data }: Answer, run: string): string {
  const { text, cursor, next } = page.parse(data);
  if (next === null) return text;
  return `${text}${JSON.stringify({ next: `mo://runs/${run}/events?cursor=${cursor}` })}\n`;
}

function placeOf(uri: string) {
  const [, run, name, from] =
    /^mo:\/\/runs\/([^/?]+)\/([a-z]+)(?:\?cursor=(\d+))?$/.exec(uri) ?? [];
  const known = parts.find(({ part }) => part === name);
  if (run !== undefined && known !== undefined)
    return { ...known, run: decoded(run, uri), cursor: Number(from ?? 0) };
  const meant =
    name === undefined
      ? null
      : closest(
          name,
          parts.map(({ part }) => part),
        );
  throw new MoError({
    code: 'bad-input',
    what: `There is no resource ${uri}.`,
    fix: `Read ${resourceTemplates.map(({ uriTemplate }) => uriTemplate).join(', ')}.${meant === null ? '' : ` Did you mean ${meant}?`}`,
  });
}

function decoded(text: string, uri: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new MoError({
      code: 'bad-input',
      what: `${uri} is no address.`,
      fix: 'Write the id of the run as it is: mo://runs/r-7/report.',
    });
  }
}
