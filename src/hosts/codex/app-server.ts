import {
  ConversationError,
  startConversation,
  type Conversation,
} from '../../platform/conversation.ts';
import { HostRefusal, type HostCall } from '../host.ts';

/** `codex app-server` for the time of one talk. Needs no login. Rejects with `HostRefusal`. */
export async function withAppServer<T>(
  { place, binary }: HostCall,
  talk: (server: Conversation) => Promise<T>,
): Promise<T> {
  const [file = '', ...prefix] = binary;
  const server = startConversation(file, [...prefix, 'app-server'], {
    cwd: place.home,
    env: place.env,
    timeoutMs: 45_000,
  });
  try {
    await server.ask('initialize', {
      clientInfo: { name: 'mo', title: 'mo', version: place.version },
    });
    server.tell('initialized');
    return await talk(server);
  } catch (error) {
    if (!(error instanceof ConversationError)) throw error;
    // An unknown method, or no answer at all: another version, whose file can still be edited.
    const isUnable = error.code === null || error.code === -32_601;
    throw new HostRefusal(`app-server: ${error.message}`, isUnable);
  } finally {
    await server.end();
  }
}
