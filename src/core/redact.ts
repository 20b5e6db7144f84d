import { secretPatterns, type SecretPattern } from './secret-patterns.ts';

/** Where a secret stands in a text: `start` to `end` without what only stands before it. */
export type Secret = {
  kind: string;
  certainty: SecretPattern['certainty'];
  start: number;
  end: number;
};

/**
 * The text with `[redacted:<kind>]` in the place of every secret. JSON stays JSON: neither quotes nor backslashes are taken. Called for
 * every line a worker prints, so lines without a hint of a secret cost one look.
 */
export function redact(text: string): string {
  if (!anyHint.test(text)) return text;
  let redacted = text;
  for (const { kind, hint, pattern, isPlausible } of secretPatterns) {
    if (!hint.test(redacted)) continue;
    redacted = redacted.replace(pattern, (whole: string, before: string) => {
      const value = whole.slice(before.length);
      if (isPlausible !== undefined && !isPlausible(value, before)) return whole;
      return `${before}[redacted:${kind}]`;
    });
  }
  return redacted;
}

/** The same, and with what is known to be secret taken out first, whatever it looks like. */
export function redactorOf(secrets: readonly string[]): (text: string) => string {
  const hide = hiderOf(secrets);
  return (text) => redact(hide(text));
}

/** Takes out what is known to be secret, and nothing else; also where it stands in JSON. */
export function hiderOf(secrets: readonly string[]): (text: string) => string {
  const known = formsOf(secrets);
  return (text) => {
    let clean = text;
    for (const secret of known) clean = clean.replaceAll(secret, '[redacted:profile]');
    return clean;
  };
}

/** Where what is known to be secret stands. */
export function findKnown(secrets: readonly string[], text: string): Secret[] {
  const found: Secret[] = [];
  for (const secret of formsOf(secrets)) {
    for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + secret.length)) {
      const end = at + secret.length;
      // The longest come first.
      if (found.some((one) => at < one.end && one.start < end)) continue;
      found.push({ kind: 'profile', certainty: 'issued', start: at, end });
    }
  }
  return found;
}

/** As they are and as JSON writes them, the longest first: one may be a part of another. */
function formsOf(secrets: readonly string[]): string[] {
  const forms = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  return [...new Set(forms)].toSorted((one, other) => other.length - one.length);
}

/** Every secret of a text in the order of their places; where two patterns see the same one, only the surer. */
export function findSecrets(text: string): Secret[] {
  if (!anyHint.test(text)) return [];
  const found = secretPatterns.flatMap((one) => matchesOf(one, text));
  const kept: Secret[] = [];
  for (const secret of found.toSorted((one, other) => one.start - other.start)) {
    const last = kept.at(-1);
    if (last === undefined || secret.start >= last.end) kept.push(secret);
    else if (last.certainty === 'guessed' && secret.certainty === 'issued') {
      kept[kept.length - 1] = secret;
    }
  }
  return kept;
}

/** The hints of all patterns in one; those whose hint is loose have a closer one here. */
const anyHint =
  /-----BEGIN|sk-|gh[a-z]_|github_pat_|glpat-|A[KS]IA|AIza|aws|GOCSPX-|ya29\.|k_live_|whsec_|xox|xapp-|hooks\.slack|hf_|npm_|pypi-|SG\.|gsk_|xai-|eyJ|:\/\/[^\s/]{0,300}@|bearer|authorization|passw|passphrase|pwd|secret|token|[_-]?key|credential|[?&][a-z_]{0,20}sig/i;

function matchesOf(one: SecretPattern, text: string): Secret[] {
  if (!one.hint.test(text)) return [];
  const { kind, certainty, isPlausible } = one;
  const found: Secret[] = [];
  for (const match of text.matchAll(one.pattern)) {
    const before = match[1] ?? '';
    const start = match.index + before.length;
    const end = match.index + match[0].length;
    if (isPlausible === undefined || isPlausible(text.slice(start, end), before)) {
      found.push({ kind, certainty, start, end });
    }
  }
  return found;
}
