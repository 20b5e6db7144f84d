// A worker that does nothing but what the test tells it over a socket: one JSON command a line, each answered with `{"done":true,...}`.
import { spawn } from 'node:child_process';
import { writeFileSync, writeSync } from 'node:fs';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';

const socket = createConnection(process.env.PUPPET_SOCKET);
const commands = {
  print: ({ text }) => writeAll(1, Buffer.from(text)),
  bytes: ({ base64 }) => writeAll(1, Buffer.from(base64, 'base64')),
  complain: ({ text }) => writeAll(2, Buffer.from(text)),
  ignore: ({ signals }) => {
    for (const signal of signals) process.on(signal, () => undefined);
  },
  /** On the signal: says so on stdout and ends. */
  obey: ({ signal, code }) => {
    process.on(signal, () => {
      writeAll(1, Buffer.from(`{"type":"notice","text":"got ${signal}"}\n`));
      process.exit(code);
    });
  },
  spawn: ({ argv, detached, env }) => {
    const [file, ...rest] = argv;
    const child = spawn(file, rest, {
      detached,
      stdio: ['ignore', 'inherit', 'ignore'],
      env: { ...process.env, ...env },
    });
    child.unref();
    return { pid: child.pid };
  },
  write: ({ path, text }) => writeFileSync(path, text),
  environment: () => ({ environment: process.env }),
  where: () => ({ pid: process.pid, cwd: process.cwd(), argv: process.argv.slice(2) }),
  stdin: async () => {
    const chunks = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    return { stdin: Buffer.concat(chunks).toString('utf8') };
  },
  exit: ({ code }) => process.exit(code),
  die: ({ signal }) => process.kill(process.pid, signal),
};

for await (const line of createInterface({ input: socket })) {
  const command = JSON.parse(line);
  const answer = await commands[command.do](command);
  socket.write(`${JSON.stringify({ done: true, ...answer })}\n`);
}

function writeAll(descriptor, buffer) {
  for (let at = 0; at < buffer.length;) at += writeSync(descriptor, buffer, at);
}
