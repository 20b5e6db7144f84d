import { describe, expect, test } from 'vitest';
import { isDestructive } from '../../src/core/destructive.ts';
import { emptySummary, foldSummary } from '../../src/core/summary.ts';
import { attemptSummary, type AttemptSummary, type WorkerEvent } from '../../src/core/worker.ts';

describe('the summary of an attempt', () => {
  test('an empty summary fits its schema', () => {
    expect(attemptSummary.parse(emptySummary())).toEqual(emptySummary());
  });

  test('a tool runs from its start to its end', () => {
    const started = fold([shell('a', 'npm test')]);
    expect(started.runningTools).toEqual({ a: 1000 });
    expect(started.lastAction).toBe('Bash: npm test');
    const ended = foldSummary(started, toolEnded('a', false), 2000);
    expect(ended.runningTools).toEqual({});
    expect(ended).toMatchObject({ toolCalls: 1, failedToolCalls: 1, lastEventAt: 2000 });
  });

  test('usage replaces what was known, because it is a total', () => {
    const spend = { usd: 1, input: 10, cached: 5, output: 3 };
    const later = { usd: 2, input: 20, cached: 5, output: 6 };
    expect(
      fold([
        { type: 'usage', spend },
        { type: 'usage', spend: later },
      ]).spend,
    ).toEqual(later);
  });

  test('the same call five times in a row raises `repeats` once, whatever is said in between', () => {
    const call = [shell('a', 'npm test'), toolEnded('a', false), said('again')];
    expect(fold([...call, ...call, ...call, ...call]).flags).toEqual([]);
    expect(fold([...call, ...call, ...call, ...call, ...call, ...call]).flags).toEqual(['repeats']);
  });

  test('another call in between starts the count anew', () => {
    const call = shell('a', 'npm test');
    const other = shell('b', 'ls');
    expect(fold([call, call, call, other, call, call]).flags).toEqual([]);
  });

  test('denials, quota warnings, compactions and destructive commands raise their flags', () => {
    const summary = fold([
      { type: 'denied', tool: 'Write', reason: 'no' },
      { type: 'quota', status: 'warning', window: 'five_hour', used: 0.91, resetsAt: 5 },
      { type: 'compacted', before: 10, after: 1 },
      shell('a', 'cd / && rm -rf *'),
    ]);
    expect(summary.flags).toEqual(['denied', 'quota', 'compacted', 'destructive']);
    expect(summary).toMatchObject({ denied: 1, quota: { status: 'warning', used: 0.91 } });
  });

  test('a quota with room left raises nothing', () => {
    const event: WorkerEvent = {
      type: 'quota',
      status: 'ok',
      window: null,
      used: 0.2,
      resetsAt: null,
    };
    expect(fold([event]).flags).toEqual([]);
  });

  test('tools that never end do not grow the summary without bound', () => {
    const events = Array.from({ length: 5000 }, (_, at) => shell(`tool-${at}`, `echo ${at}`));
    expect(JSON.stringify(fold(events)).length).toBeLessThan(10_000);
  });

  test('a tool named like a prototype key changes nothing but counts', () => {
    const summary = fold([shell('__proto__', 'x'), shell('constructor', 'y')]);
    expect(Object.keys(summary.runningTools)).toEqual(['constructor']);
    expect(Object.getPrototypeOf(summary.runningTools)).toBe(Object.prototype);
  });

  test('a huge text leaves one short line', () => {
    expect(fold([said('x\n'.repeat(1_000_000))]).lastAction?.length).toBeLessThan(300);
  });
});

describe('destructive commands', () => {
  test.each([
    'rm -rf /',
    'sudo rm -fr /*',
    'rm -r --force ~',
    'rm -rf "$HOME"',
    'rm -rf ${HOME}/',
    'rm -rf .git',
    'rm -rf /etc',
    'cd src; rm -rf *',
    "bash -c 'rm -rf ..'",
    'git push --force origin main',
    'git push -f',
    'git push origin +main',
    'git push --delete origin main',
    'git -C repo reset --hard HEAD~3',
    'git clean -fdx',
    'git filter-branch --all',
    'psql -c "DROP TABLE users"',
    'mysql -e "truncate table users"',
    'mkfs.ext4 /dev/sda1',
    'dd if=/dev/zero of=/dev/sda',
  ])('%s is', (command) => {
    expect(isDestructive(command)).toBe(true);
  });

  test.each([
    'rm -rf node_modules dist',
    'rm -rf /home/user/project/build',
    'rm notes.txt',
    'rm -f *.log',
    'git push origin main',
    'git reset HEAD file',
    'git clean -n',
    'git status',
    'npm run format',
    'dd if=a of=b',
    'echo drop a table of contents',
  ])('%s is not', (command) => {
    expect(isDestructive(command)).toBe(false);
  });
});

function fold(events: readonly WorkerEvent[]): AttemptSummary {
  return events.reduce((summary, event) => foldSummary(summary, event, 1000), emptySummary());
}

function shell(id: string, summary: string): WorkerEvent {
  return { type: 'tool.started', id, tool: 'Bash', kind: 'shell', summary, paths: [] };
}

function toolEnded(id: string, ok: boolean): WorkerEvent {
  return { type: 'tool.ended', id, ok, exitCode: null, summary: '' };
}

function said(text: string): WorkerEvent {
  return { type: 'text', text };
}
