/** Made up, and put together here so that no scanner takes this file for a leak. */
const letters = 'aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW0xY';
const made = (...parts: string[]): string => parts.join('');

export const issuedSamples: readonly (readonly [kind: string, text: string])[] = [
  ['anthropic-key', made('sk-', 'ant', '-api03-', letters, '-', letters)],
  ['openai-key', made('sk-', 'proj', '-', letters, '_', letters)],
  ['openai-key', made('sk', '-', letters)],
  ['github-token', made('ghp', '_', letters, letters.slice(0, 4))],
  ['github-token', made('gho', '_', letters, letters.slice(0, 4))],
  ['github-token', made('github', '_pat_', '11ABCDEFG0', letters)],
  ['gitlab-token', made('glpat', '-', letters)],
  ['aws-key-id', made('AKIA', 'Q4Z7', 'X2M9K1L8P3T6')],
  ['aws-key-id', made('ASIA', 'Q4Z7', 'X2M9K1L8P3T6')],
  ['google-key', made('AIza', 'Sy', letters, '7')],
  ['stripe-key', made('sk', '_live_', letters)],
  ['stripe-key', made('rk', '_live_', letters)],
  ['slack-token', made('xox', 'b', '-123456789012-', letters)],
  ['slack-token', made('xox', 'p', '-123456789012-', letters)],
  ['hugging-face-token', made('hf', '_', letters)],
  ['npm-token', made('npm', '_', letters, letters.slice(0, 4))],
];

export const jwtSample = [
  made('eyJ', 'hbGciOiJIUzI1NiJ9'),
  made('eyJ', 'zdWIiOiIxMjM0NTY3ODkwIn0'),
  'dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
].join('.');

export const pemSample = [
  made('-----BEGIN ', 'RSA', ' PRIVATE KEY-----'),
  ...Array.from({ length: 6 }, () => letters.repeat(2)),
  made('-----END ', 'RSA', ' PRIVATE KEY-----'),
].join('\n');

export const hexSample = '9f86d081884c7d659a2feaa0c55ad015';

/** A text with a guess in it: what must go, and the whole text. */
export const guessedSamples: readonly (readonly [kind: string, secret: string, text: string])[] = [
  ['jwt', jwtSample, `cookie: session=${jwtSample}; Path=/`],
  ['url-password', 'k7-Wm_2p', 'postgres://app:k7-Wm_2p@db.internal:5432/app'],
  ['authorization', 'q8Zt3LmPz0aVbN12', 'Authorization: Bearer q8Zt3LmPz0aVbN12'],
  ['authorization', 'dXNlcjpwYXNzd29yZDE=', '"authorization": "Basic dXNlcjpwYXNzd29yZDE="'],
  ['password', 'hunter22', 'DB_PASSWORD=hunter22'],
  ['password', 'p9_xx2', "export SMTP_PASSWD='p9_xx2'"],
  ['password', hexSample, `api_key: "${hexSample}"`],
  ['password', hexSample, `const config = { apiKey: '${hexSample}' };`],
  ['password', hexSample, `{"client_secret": "${hexSample}"}`],
  ['password', 'Tr0ub4dor', `password = "Tr0ub4dor"`],
  ['url-token', hexSample, `GET /v1/items?access_token=${hexSample}&page=2`],
];

export const awsSecretSample = [
  'aws_secret_access_key = ',
  'wJalrXUtnFEMIK7MDENGbPxRfiCYzzKEY1234567',
];
