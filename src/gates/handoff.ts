import { realpath } from 'node:fs/promises';
import {
  claimsOf,
  commandFindings,
  fileFindings,
  type Claims,
  type CommandsRun,
} from '../core/claims.ts';
import type { Finding, Verdict } from '../core/gate.ts';
import type { Json } from '../core/json.ts';
import { readCommandsRun } from './commands-run.ts';
import { judge, type GateContext } from './gate-context.ts';

/**
 * Whether the worker answered in the form its role demands (what is wrong with it was found by the contract, `core/handoff.ts`), and
 * whether what it says it changed and ran is what git and its events show.
 */
export function judgeHandoff(context: GateContext): Promise<Verdict> {
  const { value, findings } = context.handoff;
  return judge('handoff', context, async () => {
    const evidence = { present: value !== null };
    if (value === null || findings.length > 0) {
      return { findings: findings.length === 0 ? [missing] : findings, evidence };
    }
    const claims = context.handoff.claims === undefined ? null : claimsOf(value);
    if (claims === null) return { findings: [], evidence };
    const events = context.handoff.claims?.events ?? null;
    const seen = events === null ? null : await readCommandsRun(events);
    const files = await judgeFiles(claims, context, seen);
    const commands = judgeCommands(claims, events === null ? 'hidden' : seen);
    return {
      findings: [...files.findings, ...commands.findings],
      evidence: { ...evidence, changed_files: files.word, commands: commands.word },
    };
  });
}

type Judged = { findings: Finding[]; word: Json };

async function judgeFiles(
  claims: Claims,
  { work, folder }: GateContext,
  seen: CommandsRun | null,
): Promise<Judged> {
  if (work === null) return { findings: [], word: 'not checked: this is no git repository' };
  const { changes, ignoredChanges: ignored } = work;
  const folders = [folder, await realpath(folder)];
  const findings = fileFindings(claims.files, { folders, changes, ignored, seen });
  return { findings, word: { claimed: claims.files.length, changed: changes.length } };
}

function judgeCommands(claims: Claims, seen: CommandsRun | 'hidden' | null): Judged {
  if (claims.commands.length === 0) return { findings: [], word: { claimed: 0 } };
  if (seen === 'hidden') {
    return { findings: [], word: 'not checked: the stream of this worker does not show them all' };
  }
  if (seen === null) return { findings: [], word: 'not checked: its events are gone' };
  return {
    findings: commandFindings(claims.commands, seen),
    word: { claimed: claims.commands.length, ran: seen.runs.length },
  };
}

const missing: Finding = {
  severity: 'major',
  title: 'There is no handoff',
  file: null,
  line: null,
  evidence: 'The worker ended without the JSON object that its role must answer with.',
};
