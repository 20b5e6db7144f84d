import { chmod, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ProcessId } from '../../src/core/worker.ts';
import { judgeCommand, type CommandGate } from '../../src/gates/command.ts';
import type { GateContext } from '../../src/gates/gate-context.ts';
import { treeMembers } from '../../src/platform/process-tree.ts';
import { issuedSamples } from '../core/secret-samples.ts';
import { put } from '../git/sandbox.ts';
import { afterAttempt, outsideGit } from './gating.ts';

const key = issuedSamples[0]?.[1] ?? '';

function gate(command: string, timeoutMs: number | null = null): CommandGate {
  return { gate: 'command', command, timeoutMs };
}

async function evidenceOf(context: GateContext, file: string | null): Promise<string> {
  return readFile(join(context.runFolder, file ?? ''), 'utf8');
}

function stays(context: GateContext): ProcessId[] {
  return treeMembers({ leader: null, marker: context.marker });
}

describe('the exit code decides', () => {
  test('0 passes, with the output as evidence', async () => {
    const context = await outsideGit();
    const verdict = await judgeCommand(gate('echo out; echo err >&2'), context, 3);
    expect(verdict).toMatchObject({
      gate: 'command',
      name: 'echo out; echo err >&2',
      pass: true,
      findings: [],
      evidence: 'nodes/api/1/gate-command-3.txt',
    });
    expect(await evidenceOf(context, verdict.evidence)).toBe(
      '$ echo out; echo err >&2\nout\nerr\n\nended with exit code 0\n',
    );
  });

  test.each([
    ['exit 3', '`exit 3` ended with exit code 3'],
    ['no-such-tool', '`no-such-tool` ended with exit code 127 (a command was not found)'],
    ['kill -9 $$', '`kill -9 $$` was ended by SIGKILL'],
  ])('%s fails', async (command, title) => {
    expect(await judgeCommand(gate(command), await outsideGit(), 1)).toMatchObject({
      pass: false,
      findings: [{ severity: 'major', title }],
    });
  });

  test('the finding holds the last lines that say something', async () => {
    const command = `for i in $(seq 200); do printf '\\033[31mline %s\\033[0m\\n\\n----\\n' $i; done; exit 1`;
    const { findings } = await judgeCommand(gate(command), await outsideGit(), 1);
    const lines = findings[0]?.evidence.split('\n') ?? [];
    expect([lines.length, lines.at(0), lines.at(-1)]).toEqual([60, 'line 141', 'line 200']);
  });

  test('of a progress line only its last state is shown', async () => {
    const command = `printf '10%%\\r50%%\\r100%% done\\r\\n'; exit 1`;
    const { findings } = await judgeCommand(gate(command), await outsideGit(), 1);
    expect(findings[0]?.evidence).toBe('100% done');
  });
});

describe('nothing leaks', () => {
  test('the command sees no key of the caller, but its tools', async () => {
    const base = await outsideGit();
    const env = {
      ...base.env,
      ANTHROPIC_API_KEY: key,
      GITHUB_TOKEN: 'x',
      GIT_DIR: '/x',
      LANG: 'de',
    };
    const verdict = await judgeCommand(gate('env; command -v ls'), { ...base, env }, 1);
    const shown = await evidenceOf(base, verdict.evidence);
    expect(verdict.pass).toBe(true);
    expect(shown).not.toMatch(/ANTHROPIC|GITHUB_TOKEN|GIT_DIR/);
    expect(shown).toMatch(/^CI=1$/m);
    expect(shown).toMatch(/^LANG=de$/m);
  });

  test('a secret that is printed is neither in the finding nor in the evidence', async () => {
    const context = await outsideGit();
    const verdict = await judgeCommand(gate(`echo 'KEY: ${key}'; exit 1`), context, 1);
    expect(verdict.findings[0]?.evidence).toBe('KEY: [redacted:anthropic-key]');
    const shown = (await evidenceOf(context, verdict.evidence)).split('\n').slice(1).join('\n');
    expect(shown).not.toContain(key);
  });

  test('of a flood at most five megabytes are kept, the beginning and the end', async () => {
    const context = await outsideGit();
    const command = `echo first; yes 'a line of a flood' | head -c 20000000; echo; echo last`;
    const { evidence } = await judgeCommand(gate(command), context, 1);
    const shown = await evidenceOf(context, evidence);
    expect(shown.length).toBeLessThan(5_100_000);
    expect(shown).toMatch(/\nfirst\n[^]*bytes left out[^]*\nlast\n/);
    expect(await readdir(context.evidenceFolder)).toEqual(['gate-command-1.txt']);
  });

  test('its temp folder goes with it', async () => {
    const context = await outsideGit();
    const verdict = await judgeCommand(gate('touch "$TMPDIR/x" && echo "$TMPDIR"'), context, 1);
    const folder = (await evidenceOf(context, verdict.evidence)).split('\n')[1] ?? '';
    expect(folder).toMatch(/mo-gate-/);
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
  });
});

describe('nothing is left running', () => {
  test('after its time is over, whatever it ignores and wherever it went', async () => {
    const context = await outsideGit();
    const command = `trap '' TERM INT; setsid sh -c "trap '' TERM; sleep 600" & echo started; sleep 600; sleep 600`;
    const verdict = await judgeCommand(gate(command, 500), context, 1);
    expect(verdict).toMatchObject({
      pass: false,
      findings: [{ title: expect.stringContaining('did not end within 1 s and was killed') }],
    });
    expect(verdict.findings[0]?.evidence).toBe('started');
    expect(stays(context)).toEqual([]);
  });

  test('after it passed and left a server behind', async () => {
    const context = await outsideGit();
    const verdict = await judgeCommand(gate('nohup sleep 600 & exit 0'), context, 1);
    expect(verdict.pass).toBe(true);
    expect(stays(context)).toEqual([]);
  });

  test('after it was aborted, which is no verdict', async () => {
    const stop = new AbortController();
    const context = { ...(await outsideGit()), signal: stop.signal };
    const judged = judgeCommand(gate('sleep 600'), context, 1);
    const running = async (): Promise<void> => {
      while (stays(context).length === 0) await context.clock.sleep(10);
    };
    await running();
    stop.abort(new Error('stopped by a person'));
    await expect(judged).rejects.toThrow('stopped by a person');
    expect(stays(context)).toEqual([]);
  });
});

describe('the tree stays as it was committed', () => {
  test('a command that mends the code it judges fails', async () => {
    const context = await afterAttempt({
      work: async ({ worktree }) => {
        await put(worktree.path, 'test.sh', '#!/bin/sh\necho mended > src/b.txt\nexit 0\n');
        await chmod(join(worktree.path, 'test.sh'), 0o755);
      },
    });
    expect(await judgeCommand(gate('./test.sh'), context, 1)).toMatchObject({
      pass: false,
      findings: [{ title: '`./test.sh` changed tracked files' }],
    });
  });

  test('one that leaves ignored files passes', async () => {
    const context = await afterAttempt({});
    const command = 'mkdir -p node_modules && touch node_modules/x';
    expect(await judgeCommand(gate(command), context, 1)).toMatchObject({ pass: true });
  });
});

test('a folder that is gone is named', async () => {
  const context = await outsideGit();
  await rm(context.folder, { recursive: true });
  await expect(judgeCommand(gate('true'), context, 1)).rejects.toMatchObject({
    problem: { code: 'folder-missing', folder: context.folder },
  });
});
