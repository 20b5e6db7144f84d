import type { Dialect, ModelError } from './model-script.ts';

/** What a vendor answers when its limit is reached; where it tells, it resets two hours after `now` (ms since 1970). */
export function limitError(dialect: Dialect, now: number): ModelError {
  if (dialect === 'anthropic')
    return {
      status: 429,
      type: 'rate_limit_error',
      message: 'This request would exceed your rate limit.',
      headers: { 'retry-after': '1' },
    };
  return {
    status: 429,
    type: 'usage_limit_reached',
    message: 'The usage limit has been reached',
    details: { plan_type: 'plus', resets_at: Math.floor(now / 1000) + 7200 },
  };
}
