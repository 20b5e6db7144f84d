import { fail, reportIt, type Check, type CheckPlace } from '../check.ts';
import { openSession, type Era } from '../mcp-session.ts';

/** `mo serve`, started and greeted as a host of that revision does. */
export const protocols: readonly Check[] = [
  protocol('2025-11-25', 'mcp-handshake'),
  protocol('2026-07-28', 'mcp-stateless'),
];

function protocol(era: Era, name: string): Check {
  return {
    name,
    title: `MCP ${era}`,
    of: 'mo',
    limitMs: 20_000,
    needs: [],
    run: (place) => speak(era, place),
  };
}

async function speak(era: Era, place: CheckPlace): Promise<string> {
  const session = await openSession(era, place);
  const tools = await session.tools();
  if (tools.length === 0) fail('The server lists no tools.', reportIt);
  if (session.instructions === '') fail('The server says nothing about its use.', reportIt);
  const wrong = await session.call('poll', { nonsense: true });
  if (!wrong.isError) fail('A call with an unknown argument is taken.', reportIt);
  await session.close();
  return `${session.server.name} ${session.server.version}, ${tools.length} tools`;
}
