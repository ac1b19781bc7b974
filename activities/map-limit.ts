/** Runs `fn` for each item, at most `limit` at once, and keeps the order. The first error ends it. */
export async function mapLimit<T, R>(
  items: readonly T[],
  limit: number,
  fn: (item: T) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const queue = items.entries();
  const results: R[] = [];
  let failed = false;
  const work = async () => {
    for (const [i, item] of queue) {
      if (failed) return;
      signal?.throwIfAborted();
      try {
        results[i] = await fn(item);
      } catch (err) {
        failed = true;
        throw err;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  return results;
}
