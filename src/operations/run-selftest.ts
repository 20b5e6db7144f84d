import type { ExitCode } from '../core/problem.ts';
import type { Check, CheckResult } from '../selftest/check.ts';
import type { HostsContext } from './check-hosts.ts';
import type { OperationContext } from './context.ts';

export type { CheckResult } from '../selftest/check.ts';

export type SelftestReport = {
  mo: string;
  node: string;
  platform: string;
  passed: boolean;
  /** 5: something mo stands on is missing or broken; 1: mo itself misbehaves. */
  exit_code: ExitCode;
  ms: number;
  checks: readonly CheckResult[];
};

export type SelftestContext = Pick<
  OperationContext,
  'version' | 'folder' | 'env' | 'clock' | 'signal'
>;

/** Told of each check as it ends. */
export type OnResult = (result: CheckResult) => void;

/** Looks whether mo works on this machine: offline, without an account, in a temp folder. */
export async function runSelftest(
  context: SelftestContext & HostsContext,
  onResult: OnResult,
): Promise<SelftestReport> {
  const [{ checks }, { hostsCheck }] = await Promise.all([
    import('../selftest/checks.ts'),
    import('./check-hosts.ts'),
  ]);
  return reportOn([...checks, hostsCheck(context)], context, onResult);
}

export async function reportOn(
  checks: readonly Check[],
  { version, folder, env, clock, signal }: SelftestContext,
  onResult: OnResult,
): Promise<SelftestReport> {
  const { runChecks } = await import('../selftest/run-checks.ts');
  const startedAt = clock.monotonic();
  const results = await runChecks(checks, { project: folder, env, clock, signal, onResult });
  const exitCode = exitCodeOf(results);
  return {
    mo: version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    passed: exitCode === 0,
    exit_code: exitCode,
    ms: Math.round(clock.monotonic() - startedAt),
    checks: results,
  };
}

function exitCodeOf(results: readonly CheckResult[]): ExitCode {
  const failed = results.filter(({ state }) => state === 'failed');
  if (failed.some((one) => one.of === 'environment')) return 5;
  return results.every(({ state }) => state === 'passed') ? 0 : 1;
}
