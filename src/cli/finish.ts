import type { ExitCode } from '../core/problem.ts';
import { spending, duration, oneLine } from '../operations/amounts.ts';
import { stateText, type Picture } from '../operations/picture.ts';
import { entriesOf, mapText } from '../operations/map-text.ts';
import { heldText, raiseCommand } from '../operations/news.ts';
import { finalObject, type FinalObject } from '../operations/final-object.ts';
import { operations } from '../operations/operations.ts';
import { asCommands } from './as-commands.ts';
import type { CommandCall } from './command-call.ts';
import { countsText, isDone } from './live-view.ts';

/** Says how a followed run stands, on one screen or as one object beside what is `known` already, and returns the exit code it means. */
export async function finish(
  call: CommandCall,
  picture: Picture,
  known: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  if (call.interrupted.aborted) {
    call.terminal.err(leftBehind(picture));
    return 130;
  }
  const result = await finalObject(call.context, picture.runId);
  if (call.json) call.terminal.out(JSON.stringify({ ...known, ...result }, null, 2));
  else call.terminal.out(asCommands(summaryLines(picture, result).join('\n'), operations));
  return exitCodeOfRun(picture);
}

export function exitCodeOfRun(picture: Picture): ExitCode {
  switch (picture.state) {
    case 'succeeded':
      return 0;
    case 'failed':
    case 'stopped':
    case 'needs_rerun':
      return 1;
    case 'needs':
    case 'paused':
      return 3;
    case 'exhausted':
      return 4;
    case 'running':
    case 'stopping':
      return 0;
  }
}

export function leftBehind({ runId }: Picture): string {
  return `${runId} goes on without you. Watch it with: mo watch ${runId} · stop it with: mo stop ${runId}`;
}

function summaryLines(picture: Picture, { handoffs, report, nodes }: FinalObject): string[] {
  const took = duration((picture.endedAt ?? picture.startedAt) - picture.startedAt);
  const spend = spending(picture.spend);
  const reused = nodes.filter((node) => node.reused_from !== null).length;
  // The reason has told of the first of them.
  const unfinished = picture.nodes.filter(
    (node) => !isDone(node) && picture.reason !== `${node.name}: ${node.message ?? ''}`,
  );
  return [
    `${picture.runId} ${stateText(picture.state)}${picture.endedAt === null ? '' : ` in ${took}`}${spend === '' ? '' : ` · ${spend}`} · ${countsText(entriesOf(picture.counts))}${reused === 0 ? '' : `, ${reused} of them reused from earlier runs`}`,
    ...(picture.reason === null ? [] : [oneLine(picture.reason, 300)]),
    ...unfinished
      .filter(({ message }) => message !== null)
      .slice(0, 10)
      .map(({ name, status, message }) => `  ${name} ${status}: ${oneLine(message ?? '', 160)}`),
    ...picture.maps
      .filter(({ failed }) => failed.length > 0)
      .map((map) => `  ${map.map}: ${mapText(map)}`),
    ...(picture.branch === null ? [] : [`branch  ${picture.branch}`]),
    ...(handoffs === null ? [] : [`result  mo output ${picture.runId}`]),
    ...(picture.landed === null ? [] : [`landed  ${picture.landed}`]),
    ...(report === null ? [] : [`report  ${report}`]),
    ...picture.requests.flatMap((request) => [
      `? ${request.question}`,
      `  Answer with: mo resume ${picture.runId}${picture.requests.length > 1 ? ` --request ${request.id}` : ''} --answer ${request.choices.join('|')}`,
    ]),
    ...(picture.held.length === 0 ? [] : [heldText(picture.held)]),
    ...(picture.held.length > 0 || picture.state === 'exhausted'
      ? [`more    ${raiseCommand(picture.runId)}`]
      : []),
    ...(picture.state === 'paused' || picture.state === 'needs_rerun'
      ? [`go on   mo resume ${picture.runId}`]
      : []),
    ...(picture.state === 'failed' ? [`why     mo output ${picture.runId} --part report`] : []),
  ];
}
