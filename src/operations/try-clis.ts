import { MoError } from '../core/problem.ts';
import { drift, lacksOf, type Shown } from '../core/shown.ts';
import type { Lack } from '../core/worker.ts';
import { keepShown, programAt, readShown, recordOf, shownFile } from '../platform/shown-file.ts';
import type { InstalledCli } from '../selftest/installed-clis.ts';
import {
  reportOn,
  type CheckResult,
  type OnResult,
  type SelftestContext,
  type SelftestReport,
} from './run-selftest.ts';

export type TrialsReport = SelftestReport & {
  clis: readonly { provider: string; version: string; lacks: readonly Lack[] }[];
  /** What is not as it was when these CLIs were tried before. */
  drift: readonly string[];
  /** Where it is kept. */
  file: string;
};

/**
 * Drives every installed worker CLI against a model on loopback, and keeps what each has shown. Throws `check-failed` when none is
 * installed.
 */
export async function tryClis(context: SelftestContext, onResult: OnResult): Promise<TrialsReport> {
  const [{ providers }, { installedClis }, { trialsOf }] = await Promise.all([
    import('../providers/providers.ts'),
    import('../selftest/installed-clis.ts'),
    import('../selftest/trials/trials.ts'),
  ]);
  const clis = await installedClis(providers, context);
  if (clis.length === 0) throw noCli;
  const report = await reportOn(clis.flatMap(trialsOf), context, onResult);
  const records = await Promise.all(clis.map((cli) => shownBy(cli, report.checks, context)));
  const before = await readShown(context.env);
  const kept = records.filter((one) => one !== null);
  if (kept.length > 0) await keepShown(kept, context.env);
  const now = await readShown(context.env);
  return {
    ...report,
    clis: kept.map((one) => ({
      provider: one.provider,
      version: one.version,
      lacks: lacksOf(recordOf(one.file, now) ?? one),
    })),
    drift: kept.flatMap((one) => driftSince(before, one)),
    file: shownFile(context.env),
  };
}

const noCli = new MoError({
  code: 'check-failed',
  what: 'No worker CLI is on the PATH.',
  fix: 'Install Claude Code (`claude`) or Codex (`codex`), then run `mo selftest --hosts` again.',
});

function driftSince(before: readonly Shown[], now: Shown): string[] {
  const last = before.findLast((one) => one.provider === now.provider);
  return last === undefined ? [] : drift(last, now);
}

/** null: nothing was shown. What broke off has shown nothing either way. */
async function shownBy(
  { provider, version, command }: InstalledCli,
  results: readonly CheckResult[],
  { clock }: SelftestContext,
): Promise<Shown | null> {
  const { trials } = await import('../selftest/trials/trials.ts');
  const program = programAt(command[0] ?? '');
  const seen = trials.flatMap(({ name, ability }) => {
    const result = results.find((one) => one.name === `${provider.name}-${name}`);
    const isSeen = result?.state === 'passed' || (result?.state === 'failed' && result.proven);
    if (result === undefined || !isSeen) return [];
    return [[name, { ok: result.state === 'passed', ability, said: result.said }] as const];
  });
  if (program === null || seen.length === 0) return null;
  const at = clock.now();
  return { provider: provider.name, version, ...program, at, trials: Object.fromEntries(seen) };
}
