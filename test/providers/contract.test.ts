import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ending, type EndClass, type Provider, workerEvent } from '../../src/core/worker.ts';
import { claude } from '../../src/providers/claude/index.ts';
import { codex } from '../../src/providers/codex/index.ts';
import { play, recordings } from './recording.ts';

/** Scenarios not named here ended well. */
type Table = Partial<Record<EndClass, readonly string[]>>;

const bothClaudes: Table = {
  auth: ['err-401-capped', 'err-403', 'err-auth', 'err-no-credentials', 'err-oauth-401'],
  budget: ['max-budget'],
  context: ['err-413', 'err-context'],
  crashed: [
    'bash-sigint',
    'bash-sigkill',
    'bash-sigkill-group',
    'bash-sigterm',
    'hang-mid-sigint',
    'hang-sigterm',
  ],
  incomplete: [
    'empty-answer',
    'hang-sigint',
    'io-no-input',
    'max-turns',
    'output-json-verbose',
    'output-text',
  ],
  invalid: [
    'bypass-as-root',
    'empty-prompt',
    'err-400',
    'err-model',
    'io-bad-line',
    'json-schema-invalid',
    'session-id-reused',
    'session-resume-unknown',
    'stream-json-input-text-output',
    'stream-json-without-verbose',
    'unknown-flag',
    'variadic-swallows-prompt',
  ],
  quota: ['err-429', 'err-credit', 'limits-subscription-rejected', 'limits-subscription-weekly'],
  transient: [
    'err-500',
    'err-500-default-retries',
    'err-500-midway',
    'err-529',
    'err-529-default-retries',
    'err-connection-refused',
    'err-connection-refused-default',
    'err-drop-mid',
    'err-garbage',
    'err-html-502',
    'err-stream',
  ],
};

const oldClaude: Table = {
  ...bothClaudes,
  context: [...(bothClaudes.context ?? []), 'context-full-early'],
  invalid: [...(bothClaudes.invalid ?? []), 'session-resume-other-cwd'],
  refused: ['refusal'],
};

const codexTable: Table = {
  auth: ['err-auth', 'err-no-key'],
  context: ['err-context', 'err-context-400'],
  crashed: [
    'err-connection-refused',
    'err-connection-refused-default',
    'err-no-login',
    'hang-idle-timeout',
    'hang-no-headers-idle-timeout',
    'hang-sigint',
    'hang-sigkill',
    'hang-sigkill-group',
    'hang-sigterm',
    'shell-nosandbox-sigkill-group',
    'shell-sigint',
    'shell-sigkill',
    'shell-sigkill-group',
    'shell-sigterm',
    'stdin-left-open',
  ],
  incomplete: ['empty-answer', 'max-tokens-stop', 'refusal', 'simple-text'],
  invalid: [
    'ask-for-approval-flag',
    'bad-config-override',
    'empty-prompt',
    'err-400',
    'err-model',
    'mcp-required-broken',
    'mcp-server-gone',
    'not-a-repo',
    'output-last-message-on-error',
    'output-schema-missing-file',
    'session-resume-unknown',
    'strict-config',
    'unknown-flag',
    'wire-api-chat',
  ],
  quota: ['err-429', 'err-429-default', 'err-quota', 'err-usage-limit', 'err-usage-limit-headers'],
  refused: ['err-policy'],
  transient: [
    'err-500',
    'err-500-default',
    'err-500-midway',
    'err-529',
    'err-connection-refused-bounded',
    'err-drop-mid',
    'err-drop-mid-default',
    'err-garbage',
    'err-html-502',
    'err-overloaded',
    'hang-mid-idle-timeout',
  ],
};

const subjects: readonly (readonly [string, Provider, Table])[] = [
  ['claude-2.1.197', claude, oldClaude],
  ['claude-2.1.329', claude, bothClaudes],
  ['codex-0.169.0', codex, codexTable],
];

/** Started in another output format than the one mo asks for. */
const otherFormats = ['output-json-verbose', 'output-text', 'simple-text'];

describe.each(subjects)('%s', (cli, provider, table) => {
  const all = recordings(cli);

  test('the table names only scenarios that were recorded', () => {
    const names = new Set(all.map((one) => one.name));
    expect(
      Object.values(table)
        .flat()
        .filter((name) => !names.has(name)),
    ).toEqual([]);
  });

  test.each(all)('$name ends in its class', ({ name, lines, exit }) => {
    const expected = z.enum(ending.shape.class.options).parse(classIn(table, name));
    expect(play(provider, lines).parser.conclude(exit).class).toBe(expected);
  });

  test('every event and every ending fits its schema', () => {
    for (const { lines, exit } of all) {
      const { events, parser } = play(provider, lines);
      expect(() => z.array(workerEvent).parse(events)).not.toThrow();
      expect(() => ending.parse(parser.conclude(exit))).not.toThrow();
    }
  });

  test('no line of the stream is unknown', () => {
    const strangers = all
      .filter((one) => !otherFormats.includes(one.name))
      .filter((one) => play(provider, one.lines).events.some((event) => event.type === 'unknown'));
    expect(strangers.map((one) => one.name)).toEqual([]);
  });

  test('every tool that ends has started, and none runs on after the closing line', () => {
    const wrong = all.filter(({ lines }) => {
      const running = new Set<string>();
      return play(provider, lines).events.some((event) => {
        if (event.type === 'tool.started') running.add(event.id);
        if (event.type === 'tool.ended') return !running.delete(event.id);
        return event.type === 'result' && running.size > 0;
      });
    });
    expect(wrong.map((one) => one.name)).toEqual([]);
  });

  test('what ended well has an answer, a session and spend', () => {
    const poor = all.filter(({ name, lines, exit }) => {
      const { class: ended, answer, session, spend } = play(provider, lines).parser.conclude(exit);
      // A local command and a review report no usage.
      const isFree = name === 'slash-command' || name === 'review';
      const isRich = answer !== '' && /^[0-9a-f-]{36}$/.test(session ?? '');
      return ended === 'done' && !(isRich && (isFree || spend.input > 0));
    });
    expect(poor.map((one) => one.name)).toEqual([]);
  });

  test('without its closing line no stream counts as done, whatever the exit code', () => {
    const closing = /"type":"(?:result|turn\.completed|turn\.failed)"/;
    const exit = { exitCode: 0, signal: null, stderr: '', endedAt: 0 };
    const classes = all.map(({ lines }) => {
      const cut = lines.filter((line) => !closing.test(line));
      return play(provider, cut).parser.conclude(exit).class;
    });
    expect(new Set(classes)).toEqual(new Set(['incomplete']));
  });

  test('an end that nobody saw is lost', () => {
    const exit = { exitCode: null, signal: null, stderr: '', endedAt: 0 };
    expect(provider.parser(null).conclude(exit).class).toBe('lost');
  });
});

function classIn(table: Table, name: string): string {
  return Object.entries(table).find(([, names]) => names.includes(name))?.[0] ?? 'done';
}
