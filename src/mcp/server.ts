import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { Server, ServerContext } from '@modelcontextprotocol/server';
import { MoError } from '../core/problem.ts';
import type { OperationContext } from '../operations/context.ts';
import type { Operation } from '../operations/operation.ts';
import { toError, toResult } from './answer.ts';
import { instructionsFor } from './instructions.ts';
import { offeredText, withOffered } from './offered.ts';
import { readResource, resourceTemplates } from './resources.ts';
import { ToolServer } from './tool-server.ts';
import { toolOf } from './tool.ts';

export type ServerDeps = {
  operations: readonly Operation[];
  version: string;
  /** What one call gets; `signal` is aborted when the host cancels it or goes away. */
  contextOf: (call: {
    signal: AbortSignal;
    progress: (text: string) => void;
  }) => Promise<OperationContext>;
  /** Takes what is a bug of mo, not a problem of the caller. */
  onBug: (error: unknown) => void;
};

/** An MCP server whose tools are the operations. Serves both protocol eras; the entry decides which one a connection speaks. */
export function createServer(deps: ServerDeps): Server {
  const offered = deps.operations.map(({ name }) => name);
  const output = deps.operations.find(({ name }) => name === 'output');
  const server = new ToolServer(
    { name: 'mo', title: 'Master Orchestrator', version: deps.version },
    {
      capabilities: {
        tools: { listChanged: false },
        ...(output === undefined ? {} : { resources: { listChanged: false } }),
      },
      instructions: instructionsFor(offered),
    },
  );
  // The list cannot change while the server runs: Codex reads it once.
  const tools = deps.operations.map(toolOf);
  server.setRequestHandler('tools/list', () => ({ tools }));
  server.setRequestHandler('tools/call', async (request, call) => {
    const operation = deps.operations.find(({ name }) => name === request.params.name);
    if (operation === undefined) throw unknownTool(request.params.name, deps.operations);
    try {
      const context = await deps.contextOf({
        signal: call.mcpReq.signal,
        progress: progressOf(call),
      });
      const answer = await operation.call(request.params.arguments, context);
      return toResult(withOffered(answer, offered));
    } catch (error) {
      if (error instanceof MoError)
        return toError(`${offeredText(error.message, offered)} [${error.code}]`);
      if (isCancelled(call, error)) return toError('The call was cancelled.');
      deps.onBug(error);
      return toError(
        `mo itself failed in ${operation.name}: ${error instanceof Error ? error.message : String(error)}. Call it again; if it stays, run \`mo health\` in a terminal and report it. [bug]`,
      );
    }
  });
  if (output !== undefined) offerResources(server, output, deps);
  return server;
}

/** Runs have no list here: who knows one reads of it. */
function offerResources(server: Server, output: Operation, deps: ServerDeps): void {
  server.setRequestHandler('resources/list', () => ({ resources: [] }));
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: [...resourceTemplates],
  }));
  server.setRequestHandler('resources/read', async ({ params }, call) => {
    try {
      const context = await deps.contextOf({
        signal: call.mcpReq.signal,
        progress: progressOf(call),
      });
      return await readResource(params.uri, output, context);
    } catch (error) {
      if (error instanceof MoError)
        throw new ProtocolError(
          ProtocolErrorCode.InvalidParams,
          `${error.message} [${error.code}]`,
        );
      if (!isCancelled(call, error)) deps.onBug(error);
      throw error;
    }
  });
}

/** What waits ends with the reason of its signal when the host cancels the call or goes away: nobody hears the answer then. */
function isCancelled({ mcpReq: { signal } }: ServerContext, error: unknown): boolean {
  return signal.aborted && error === signal.reason;
}

function unknownTool(name: string, operations: readonly Operation[]): ProtocolError {
  const known = operations.map((operation) => operation.name).join(', ');
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `There is no tool ${name}. Tools: ${known}.`,
  );
}

/** Sends progress to hosts that asked for it; a host that does not take it loses nothing. */
function progressOf(call: ServerContext): (text: string) => void {
  const { _meta: meta } = call.mcpReq;
  const token = meta?.progressToken;
  if (token === undefined) return () => {};
  let step = 0;
  return (text) => {
    step += 1;
    const sent = call.mcpReq.notify({
      method: 'notifications/progress',
      params: { progressToken: token, progress: step, message: text },
    });
    // The connection may close under a notification; the call itself then ends by its signal.
    sent.catch(() => {});
  };
}
