/** Time as the rest of mo sees it. `now` is ms since 1970 and may go backwards; `monotonic` never does, but means nothing to another process. */
export type Clock = {
  now: () => number;
  monotonic: () => number;
  /** Resolves after `ms`, or at once when the signal is aborted: a wait that is cut short is no error. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      // Timers hold 31 bits of milliseconds; whoever waits longer asks again.
      const timer = setTimeout(done, Math.min(Math.max(ms, 0), 2 ** 31 - 1));
      signal?.addEventListener('abort', done);
    }),
};
