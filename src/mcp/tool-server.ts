import { Server } from '@modelcontextprotocol/server';
import type { JSONRPCRequest, Result, ServerContext } from '@modelcontextprotocol/server';
import { toError } from './answer.ts';

type Handler = (request: JSONRPCRequest, call: ServerContext) => Promise<Result>;

/** A server that answers arguments which are no object in words: the SDK refuses them with a dump of its schema before any tool sees them. */
export class ToolServer extends Server {
  // oxlint-disable-next-line eslint/no-underscore-dangle -- the SDK's name for the hook of subclasses.
  protected override _wrapHandler(method: string, handler: Handler): Handler {
    // oxlint-disable-next-line eslint/no-underscore-dangle -- the SDK's name for the hook of subclasses.
    const checked = super._wrapHandler(method, handler);
    if (method !== 'tools/call') return checked;
    return async (request, call) => {
      const given: unknown = request.params?.['arguments'];
      if (given === null)
        return checked({ ...request, params: { ...request.params, arguments: {} } }, call);
      if (given === undefined || (typeof given === 'object' && !Array.isArray(given)))
        return checked(request, call);
      return toError(
        `\`arguments\` must be an object with the fields of the tool, not ${Array.isArray(given) ? 'a list' : JSON.stringify(given).slice(0, 60)}. Write {"<field>": <value>}. [bad-input]`,
      );
    };
  }
}
