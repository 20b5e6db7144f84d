import { z } from 'zod';
import { serverName, type HostCall, type HostCheck } from '../host.ts';
import { withAppServer } from './app-server.ts';

const answer = z.object({
  data: z.array(
    z.object({
      name: z.string(),
      tools: z.record(z.string(), z.unknown()).default({}),
      toolsError: z.string().nullish(),
    }),
  ),
});

/** Codex starts its servers for this, as it would for a session, and needs no login. */
export async function codexCheck(call: HostCall): Promise<HostCheck> {
  const said = await withAppServer(call, (server) => server.ask('mcpServerStatus/list', {}));
  const mo = answer.parse(said).data.find(({ name }) => name === serverName);
  if (mo === undefined) return { state: 'lost', what: 'Codex knows no server mo' };
  const tools = Object.keys(mo.tools).length;
  if (mo.toolsError !== undefined && mo.toolsError !== null) {
    return { state: 'lost', what: mo.toolsError.slice(0, 300) };
  }
  return { state: tools > 0 ? 'reached' : 'lost', what: `${tools} tools` };
}
