import type { Provider } from '../core/worker.ts';
import type { Clock } from '../platform/clock.ts';
import type { Environment } from '../platform/environment.ts';
import { findBinary } from '../platform/find-binary.ts';
import { runCommand } from '../platform/process.ts';
import type { Dialect } from './model-servers/model-script.ts';
import { makeTemporaryHome } from './temporary-home.ts';

/** A worker CLI that is on the PATH and whose models the model servers can play. */
export type InstalledCli = {
  provider: Provider;
  dialect: Dialect;
  command: readonly string[];
  version: string;
};

export async function installedClis(
  providers: readonly Provider[],
  { env, folder, signal }: { env: Environment; folder: string; signal: AbortSignal; clock: Clock },
): Promise<readonly InstalledCli[]> {
  const home = await makeTemporaryHome({ anthropic: null, openai: null });
  try {
    const found = await Promise.all(
      providers.map(async (provider): Promise<InstalledCli[]> => {
        const dialect = dialects[provider.vendor];
        const command = findBinary(provider.binary, env);
        const [file, ...prefix] = command ?? [];
        if (dialect === undefined || command === null || file === undefined) return [];
        const args = [...prefix, ...provider.probe.versionArgs];
        const said = await runCommand(file, args, {
          cwd: folder,
          env: { PATH: env['PATH'], ...home.env },
          timeoutMs: 20_000,
          signal,
        });
        const version = provider.probe.version(said.stdout) ?? 'unknown';
        return [{ provider, dialect, command, version }];
      }),
    );
    return found.flat();
  } finally {
    await home.remove();
  }
}

const dialects: Readonly<Record<string, Dialect>> = { anthropic: 'anthropic', openai: 'openai' };
