import type { Clock } from '../platform/clock.ts';

/** Wakes one waiter. A ring that nobody waited for is kept, so that nothing falls between looking and waiting. */
export type Bell = {
  ring: () => void;
  /** Until the next ring, or `ms`. */
  wait: (ms: number) => Promise<void>;
};

export function createBell(clock: Clock): Bell {
  let rung = new AbortController();
  return {
    ring: () => rung.abort(),
    wait: async (ms) => {
      await clock.sleep(ms, rung.signal);
      if (rung.signal.aborted) rung = new AbortController();
    },
  };
}
