/** Answers of one cluster that change slowly (limits, fullness), each kept for a while. One question in flight per key. */
export class AnswerCache {
  private readonly now: () => number;
  private readonly answers = new Map<string, { at: number; value: Promise<unknown> }>();

  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  get<T>(key: string, maxAgeMs: number, read: () => Promise<T>): Promise<T> {
    const known = this.answers.get(key);
    if (known && this.now() - known.at < maxAgeMs) return known.value as Promise<T>;
    const value = read();
    this.answers.set(key, { at: this.now(), value });
    value.catch(() => {
      if (this.answers.get(key)?.value === value) this.answers.delete(key);
    });
    return value;
  }
}
