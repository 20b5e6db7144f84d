import type { z } from 'zod';

type Bound = z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig;

/** `must be above 0`, `must have at most 200 characters`; a message that its schema wrote itself is null. */
export function boundWords(issue: Bound): string | null {
  if (!/^Too (?:small|big): /.test(issue.message)) return null;
  const limit = String(issue.code === 'too_small' ? issue.minimum : issue.maximum);
  const unit = units[issue.origin];
  if (unit !== undefined) return `must have ${amountOf(issue, limit)} ${unit}`;
  const isStrict = issue.inclusive === false;
  if (issue.code === 'too_small')
    return isStrict ? `must be above ${limit}` : `must be ${limit} or more`;
  return isStrict ? `must be below ${limit}` : `must be ${limit} or less`;
}

/** zod's sizes of texts and lists are always inclusive. */
function amountOf({ code, exact }: Bound, limit: string): string {
  if (exact === true) return limit;
  return code === 'too_small' ? `at least ${limit}` : `at most ${limit}`;
}

const units: Readonly<Record<string, string>> = {
  string: 'characters',
  array: 'entries',
  set: 'entries',
  map: 'entries',
  object: 'fields',
};
