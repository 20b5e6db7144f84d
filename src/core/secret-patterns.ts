/**
 * How a secret looks. `issued`: only the issuer makes such texts, so a match is one. `guessed`: the name beside it says so.
 * `pattern` is global; its group 1 is what stands before the secret and is no part of it.
 *
 * The texts come from workers, so every pattern is linear: what may repeat is bounded, or begins where a run of its characters begins,
 * so that no run is walked twice.
 */
export type SecretPattern = {
  kind: string;
  certainty: 'issued' | 'guessed';
  /** A cheap test that is true for every text the pattern can match. */
  hint: RegExp;
  pattern: RegExp;
  /** Whether a guess stands, given the secret and what stands before it; absent: it always does. */
  isPlausible?: (value: string, before: string) => boolean;
};

const secretName =
  'passw(?:or)?d|passphrase|pwd|secret(?:[_-]?key)?|token|(?:api|access|private|signing|encryption)[_-]?key|credentials?';

export const secretPatterns: readonly SecretPattern[] = [
  issued('private-key', /-----BEGIN/, privateKey()),
  issued('anthropic-key', /sk-ant-/, /(?<![A-Za-z0-9])()sk-ant-[A-Za-z0-9_-]{16,}/g),
  issued(
    'openai-key',
    /sk-/,
    /(?<![A-Za-z0-9_-])()sk-(?:(?:proj|svcacct|admin|or-v1|None)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{24,})/g,
  ),
  issued('github-token', /gh[a-z]_|github_pat_/, githubToken()),
  issued('gitlab-token', /glpat-/, /(?<![A-Za-z0-9])()glpat-[A-Za-z0-9_-]{20,}/g),
  issued(
    'aws-key-id',
    /A[KS]IA/,
    // Amazon's own documentation uses keys that end in EXAMPLE.
    /(?<![A-Za-z0-9])()A[KS]IA(?![A-Z0-9]{9}EXAMPLE)[A-Z0-9]{16}(?![A-Za-z0-9])/g,
  ),
  issued(
    'aws-secret-key',
    /aws/i,
    /(aws_?-?(?:secret)?_?-?(?:access)?_?-?key["'\\\s:=>]{1,12})(?![A-Za-z0-9/+]{30}EXAMPLEKEY)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/gi,
  ),
  issued('google-key', /AIza/, /(?<![A-Za-z0-9])()AIza[A-Za-z0-9_-]{35}/g),
  issued(
    'google-oauth',
    /GOCSPX-|ya29\./,
    /(?<![A-Za-z0-9])()(?:GOCSPX-|ya29\.)[A-Za-z0-9_-]{24,}/g,
  ),
  issued(
    'stripe-key',
    /[sr]k_live_|whsec_/,
    /(?<![A-Za-z0-9])()(?:[sr]k_live_|whsec_)[A-Za-z0-9]{16,}/g,
  ),
  issued(
    'slack-token',
    /xox[a-z]|xapp-/,
    /(?<![A-Za-z0-9])()(?:xox[abeoprs](?:\.xox[bp])?|xapp)-[A-Za-z0-9-]{10,}/g,
  ),
  issued(
    'slack-webhook',
    /hooks\.slack\.com/,
    /(hooks\.slack\.com\/(?:services|workflows)\/)[A-Za-z0-9_/-]{20,}/g,
  ),
  issued('hugging-face-token', /hf_/, /(?<![A-Za-z0-9_])()hf_[A-Za-z0-9]{30,}/g),
  issued('npm-token', /npm_/, /(?<![A-Za-z0-9_])()npm_[A-Za-z0-9]{36}/g),
  issued('pypi-token', /pypi-/, /(?<![A-Za-z0-9])()pypi-AgE[A-Za-z0-9_-]{50,}/g),
  issued('sendgrid-key', /SG\./, /(?<![A-Za-z0-9])()SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}/g),
  issued('groq-key', /gsk_/, /(?<![A-Za-z0-9_])()gsk_[A-Za-z0-9]{40,}/g),
  issued('xai-key', /xai-/, /(?<![A-Za-z0-9_])()xai-[A-Za-z0-9]{60,}/g),
  {
    kind: 'jwt',
    certainty: 'guessed',
    hint: /eyJ/,
    pattern: /(?<![A-Za-z0-9_-])()eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{10,}/g,
  },
  {
    kind: 'url-password',
    certainty: 'guessed',
    hint: /:\/\//,
    pattern: /(:\/\/[^\s:/@"'`\\<>]{0,100}:)[^\s/@"'`\\<>]{3,200}(?=@)/g,
    isPlausible: (value) => !isPlaceholder(value),
  },
  {
    kind: 'authorization',
    certainty: 'guessed',
    hint: /bearer|authorization/i,
    pattern:
      /((?:(?<![a-z])bearer|authorization["'\\]{0,4}\s{0,3}[:=]\s{0,3}["'\\]{0,4}(?:basic|token))\s{1,3})[A-Za-z0-9._~+/-]{16,}={0,2}/gi,
    isPlausible: (value) => /[0-9]/.test(value) && !isPlaceholder(value),
  },
  {
    kind: 'password',
    certainty: 'guessed',
    hint: /(?:PASSW|PASSPHRASE|PWD|SECRET|TOKEN|KEY|CREDENTIAL)[A-Z_]{0,12}=/,
    pattern:
      /(?<![A-Za-z0-9_])([A-Z0-9_]{0,60}(?:PASSW(?:OR)?D|PASSPHRASE|PWD|SECRET|TOKEN|(?:API|ACCESS|SECRET|PRIVATE|SIGNING|ENCRYPTION)_?KEY|CREDENTIALS?)=["'\\]{0,4})[^\s"'`\\;&|<>()]{6,400}(?![^\s"'`\\;&|<>)])/g,
    isPlausible: (value) => !isPlaceholder(value) && !isExpression(value),
  },
  {
    kind: 'password',
    certainty: 'guessed',
    hint: new RegExp(secretName, 'i'),
    pattern: new RegExp(
      `((?:${secretName})["'\\\\]{0,4}\\s{0,4}(?::=|=>|:|=)\\s{0,4}\\\\{0,3}["'\`])[^\\s"'\`\\\\]{8,500}(?=["'\`\\\\])`,
      'gi',
    ),
    isPlausible: (value, before) =>
      !isPlaceholder(value) && (/passw|pwd/i.test(before) ? isMixed(value) : isRandom(value)),
  },
  {
    kind: 'url-token',
    certainty: 'guessed',
    hint: /[?&][a-z_-]{0,20}(?:token|key|secret|sig|password)/i,
    pattern:
      /([?&](?:access_|auth_|api_?|client_)?(?:token|key|secret|sig|signature|password)=)[^\s&"'`\\#<>]{16,500}/gi,
    isPlausible: (value) => !isPlaceholder(value) && isRandom(value),
  },
];

function issued(kind: string, hint: RegExp, pattern: RegExp): SecretPattern {
  return { kind, certainty: 'issued', hint, pattern };
}

/**
 * With or without its end, which a cut text lacks. Line breaks may be escaped, as in JSON, once or several times; quotes end it, so that
 * the JSON around it stays whole.
 */
function privateKey(): RegExp {
  return /()-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=\s:,.]|\\{1,8}[nrt]|-(?!----)){32,20000}(?:-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----)?/g;
}

function githubToken(): RegExp {
  return /(?<![A-Za-z0-9])()(?:gh[oprsu]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})/g;
}

function isPlaceholder(value: string): boolean {
  return (
    /^[$<{%#[]/.test(value) ||
    /^(?:(.)\1*|(?:postgres|mysql|root|admin|guest|test|testing|local|password|passwd|secret|token|string|none|null|undefined|true|false)[0-9]{0,3})$/i.test(
      value,
    ) ||
    /example|change-?_?me|placeholder|your[-_]|redacted|dummy|insert|\*{3}|xxxx|\.{3}|…/i.test(
      value,
    )
  );
}

/** Code that fetches the value instead of a value: `process.env.X`, `${VAR}`, `/run/secrets/key`. */
function isExpression(value: string): boolean {
  return /^(?:process\.|os\.|env\.|import\.|config\.|settings\.|self\.|this\.|\.{0,2}\/)|\$\{|\$\(/.test(
    value,
  );
}

function isMixed(value: string): boolean {
  return /[0-9]/.test(value) && /[A-Za-z]/.test(value) && !isExpression(value);
}

/** A run of letters and digits that no one would think of: hexadecimal, or about as varied as chance. */
function isRandom(value: string): boolean {
  if (!isMixed(value)) return false;
  const run = /[A-Za-z0-9+/]{12,}/.exec(value)?.[0] ?? '';
  if (run.length < 12 || value.length < 16) return false;
  return /^[0-9a-f]+$/i.test(run) ? true : /[0-9]/.test(run) && bitsPerCharacter(run) >= 3.2;
}

function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>();
  for (const one of text) counts.set(one, (counts.get(one) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values())
    bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
