const tails = new Map<string, Promise<undefined>>();

/** Runs `work` after all that was asked for under the same key before, whether that failed or not. */
export function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const result = (tails.get(key) ?? Promise.resolve()).then(work);
  const tail = result
    .catch(() => undefined)
    .then(() => {
      if (tails.get(key) === tail) tails.delete(key);
      return undefined;
    });
  tails.set(key, tail);
  return result;
}
