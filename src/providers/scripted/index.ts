import type { Provider, WorkerRequest } from '../../core/worker.ts';
import { scriptedParser } from './parse.ts';

/** A worker without a model: a real process that follows a script (see `script.ts`). Demo, selftest and most tests run on it. */
export const scripted: Provider = {
  name: 'scripted',
  vendor: 'scripted',
  // Ships with mo; whoever starts a worker finds it by this name.
  binary: 'mo-scripted-worker',
  install: null,
  abilities: {
    resume: true,
    steer: false,
    structuredOutput: true,
    readOnly: true,
    usage: 'live',
    money: true,
    quota: true,
    sandbox: false,
    commands: true,
  },
  describe: (request) => ({
    command: 'mo-scripted-worker',
    args: argumentsFor(request),
    env: {},
    passEnv: ['MO_SCRIPT'],
    dropEnv: [],
    files: [],
  }),
  parser: scriptedParser,
  probe: {
    versionArgs: ['--version'],
    version: (stdout) => /^mo-scripted-worker (\S+)$/m.exec(stdout)?.[1] ?? null,
    authArgs: null,
    signedIn: () => 'yes',
    unable: () => null,
    keyEnv: [],
  },
};

function argumentsFor(request: WorkerRequest): string[] {
  return [
    '--folder',
    request.folder,
    ...(request.resume === null ? ['--session', request.newSession] : ['--resume', request.resume]),
    ...(request.model === null ? [] : ['--model', request.model]),
    ...(request.mode === 'read-only' ? ['--read-only'] : []),
    ...(request.outputSchema === null ? [] : ['--structured']),
    ...(request.maxUsd === null ? [] : ['--max-usd', String(request.maxUsd)]),
  ];
}
