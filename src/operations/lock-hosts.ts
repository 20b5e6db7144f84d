import { whileLocked } from '../hosts/install-lock.ts';
import { homeFolder } from '../platform/data-folder.ts';
import type { OperationContext } from './context.ts';

/** From reading the files of hosts to having written them nobody else may change them. Throws `install-busy`, which names who does. */
export async function whileHostsAreLocked<T>(
  { env, clock, signal }: OperationContext,
  command: string,
  work: () => Promise<T>,
): Promise<T> {
  return whileLocked({ home: homeFolder(env), command, clock, signal }, work);
}
