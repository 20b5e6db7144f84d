import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findKnown, findSecrets, redact, redactorOf } from '../../src/core/redact.ts';
import {
  awsSecretSample,
  guessedSamples,
  hexSample,
  issuedSamples,
  pemSample,
} from './secret-samples.ts';

describe('redact', () => {
  test.each(issuedSamples)('a %s goes, what is around it stays', (kind, secret) => {
    expect(redact(`run with ${secret}, then stop`)).toBe(`run with [redacted:${kind}], then stop`);
  });

  test.each(guessedSamples)('a %s goes, its name stays', (kind, secret, text) => {
    expect(redact(text)).toBe(text.replace(secret, `[redacted:${kind}]`));
  });

  test('the secret half of an AWS key goes', () => {
    expect(redact(awsSecretSample.join(''))).toBe(
      `${awsSecretSample[0] ?? ''}[redacted:aws-secret-key]`,
    );
  });

  test.each([
    ['as it is', pemSample],
    ['in JSON', JSON.stringify({ text: pemSample })],
    ['in JSON in JSON', JSON.stringify({ text: JSON.stringify({ text: pemSample }) })],
    ['without its end', pemSample.slice(0, -60)],
  ])('a private key %s goes whole', (_how, text) => {
    expect(redact(text)).not.toMatch(/aB3dE5/);
    expect(redact(text)).toContain('[redacted:private-key]');
  });

  test.each([
    'DB_PASSWORD=$DB_PASSWORD',
    'DB_PASSWORD=${{ secrets.DB }}',
    'POSTGRES_PASSWORD=postgres',
    'API_TOKEN=process.env.API_TOKEN',
    'API_TOKEN=readToken()',
    'MAX_TOKENS=4096000',
    'api_key: "your-api-key-goes-here-123"',
    "token: 'string'",
    'const token = request.headers.authorization;',
    '{"type":"usage","input_tokens":120034,"output_tokens":12}',
    'task-0a1b2c3d-implementation-of-validators',
    'risk-assessment-for-the-whole-project-2026',
    'https://example.com:8080/a@b',
    'see https://npmjs.com/package/@scope/name',
    'commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b',
    'Bearer tokens are refused here',
    'AKIAIOSFODNN7EXAMPLE',
    'file begins with -----BEGIN PRIVATE KEY----- and then "nothing"',
    'eyJhbGciOi alone is no token',
  ])('%s is no secret', (text) => {
    expect(redact(text)).toBe(text);
  });

  test('JSON stays JSON whatever stands in it', () => {
    const samples = [
      ...issuedSamples.map(([, text]) => text),
      ...guessedSamples.map(([, , text]) => text),
      pemSample,
      awsSecretSample.join(''),
    ];
    const text = fc
      .array(
        fc.oneof(fc.constantFrom(...samples), fc.string(), fc.constantFrom('"', '\\', '\n', "'")),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (inner) => {
        const nested = redact(JSON.stringify({ inner, deeper: JSON.stringify([inner]) }));
        return typeof JSON.parse(nested) === 'object';
      }),
    );
  });

  test('what is redacted is not redacted again', () => {
    const all = [...issuedSamples.map(([, text]) => text), ...guessedSamples.map((one) => one[2])];
    const once = redact(all.join('\n'));
    expect(redact(once)).toBe(once);
  });
});

describe('find', () => {
  test('a secret is found once, by its surest name and at its place', () => {
    const [, key] = issuedSamples[0] ?? ['', ''];
    const text = `x\nMY_API_KEY=${key}\ny`;
    expect(findSecrets(text)).toEqual([
      {
        kind: 'anthropic-key',
        certainty: 'issued',
        start: text.indexOf(key),
        end: text.indexOf(key) + key.length,
      },
    ]);
  });
});

describe('hostile lines of a megabyte', () => {
  const units = [
    'eyJ',
    '-eyJ',
    '.eyJabcdefghij',
    'sk-',
    'sk-ant-',
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN RSA RSA RSA ',
    '://a:',
    '://a:aaa',
    'A_',
    'PASSWORD',
    'PASSWORD=',
    'password: "',
    "token:'",
    'token',
    'api_key = "a',
    'aws_secret_access_key=',
    'aws',
    'Bearer ',
    'authorization: basic ',
    '?token=',
    'ghp_',
    'AKIA',
    'SG.aaaaaaaaaaaaaaaaaaaaaa.',
    'xoxb-',
    'xox',
    '\\',
    '-----BEGIN PRIVATE KEY-----\\\\\\\\n',
    'a',
    hexSample,
    `"${hexSample}`,
  ];

  test.each(units)('%s repeated takes seconds at most', (unit) => {
    const line = unit.repeat(Math.ceil(1_000_000 / unit.length));
    const startedAt = performance.now();
    redact(line);
    redact(`password="1${line}`);
    findSecrets(`sk-${line}`);
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });
});

test('what is known to be secret is found and taken out as JSON writes it, too', () => {
  const secret = 'opaque"line one\nline two';
  const text = `${JSON.stringify({ secret })} and ${secret}`;
  expect(redactorOf([secret])(text)).toBe('{"secret":"[redacted:profile]"} and [redacted:profile]');
  const found = findKnown([secret, 'line'], text);
  expect(found.map(({ start, end }) => text.slice(start, end))).toEqual([
    JSON.stringify(secret).slice(1, -1),
    secret,
  ]);
});

test('what is known to be secret is taken out whatever it looks like, the longer one whole', () => {
  const clean = redactorOf(['opaque-1', 'opaque-1-and-more']);
  expect(clean('opaque-1-and-more, opaque-1')).toBe('[redacted:profile], [redacted:profile]');
});
