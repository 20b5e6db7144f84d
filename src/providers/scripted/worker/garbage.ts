import { randomBytes } from 'node:crypto';
import type { Step } from '../script.ts';

type GarbageKind = Extract<Step, { do: 'garbage' }>['kind'];

/** What a worker may print between its events; always ends with a newline, so that the next event stands on a line of its own. */
export function makeGarbage(kind: GarbageKind): string | Buffer {
  switch (kind) {
    case 'truncated':
      return '{"type":"text","te\n{"type":"tool.started","id":"call-0","tool":"Wri\n{"type":"resu\n';
    case 'binary':
      // No newline inside; bytes that no UTF-8 has, a NUL, and half a character at the end.
      return Buffer.concat([
        Buffer.from([0xff, 0xfe, 0x00, 0xc0, 0x80]),
        Buffer.from(randomBytes(2_000).map((byte) => (byte === 0x0a ? 0x0b : byte))),
        Buffer.from([0xf0, 0x9f, 0x98, 0x0a]),
      ]);
    case 'long':
      return `{"type":"text","text":"${'x'.repeat(10_000_000)}"}\n`;
    case 'junk':
      return `${junkLines.join('\n')}\n`;
  }
}

const junkLines = [
  '',
  'npm warn deprecated something@1.0.0: use something else',
  '\u001B[31merror\u001B[0m in colour',
  '<html><body>502 Bad Gateway</body></html>',
  'null',
  '42',
  '"text"',
  '[]',
  '{}',
  '{"type":"made.up","value":1}',
  '{"type":"text"}',
  '{"type":"text","text":7}',
  '{"type":"usage","spend":{"usd":-1}}',
  '{"type":"result","class":"finished"}',
  '{"type":"__proto__","__proto__":{"ok":true}}',
  `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
];
