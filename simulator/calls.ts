/** One call the cluster got, as `GET /calls/log` shows it. */
export interface CallEntry {
  /** The cluster's time, ISO 8601 with milliseconds. */
  time: string;
  /** Real milliseconds since 1970. */
  realMs: number;
  method: string;
  params: Record<string, unknown>;
  version: string;
  username: string;
  /** `ok`, the name of the API's error, or what a fault made of the call, such as `cut` or `http503`. */
  outcome: string;
  /** The fault that met the call. */
  fault?: string;
}

/** Counts since the start or the last reset. */
export interface CallCounts {
  total: number;
  byMethod: Record<string, number>;
  /** Calls that the cluster refused, by the name of the API's error. */
  refused: Record<string, number>;
}

export interface CallLog {
  counts(): CallCounts;
  log(last?: number): CallEntry[];
  /** Notes a call as it arrives; its outcome is filled in later. */
  open(entry: Omit<CallEntry, 'outcome'>): CallEntry;
  close(entry: CallEntry, outcome: string, refused: boolean): void;
  clear(): void;
}

const kept = 5000;
const secrets = new Set(['initiatorSecret', 'targetSecret', 'password']);

export const makeCallLog = (): CallLog => {
  let total = 0;
  let byMethod: Record<string, number> = {};
  let refusals: Record<string, number> = {};
  let entries: CallEntry[] = [];
  return {
    counts: () => ({ total, byMethod: { ...byMethod }, refused: { ...refusals } }),
    log: (last = kept) => (last <= 0 ? [] : entries.slice(-last)),
    open(given) {
      const params = Object.fromEntries(
        Object.entries(given.params).map(([key, value]) => [key, secrets.has(key) ? '***' : value]),
      );
      const entry: CallEntry = { ...given, params, outcome: 'pending' };
      total += 1;
      byMethod[given.method] = (byMethod[given.method] ?? 0) + 1;
      entries.push(entry);
      // Trimmed in bulk: shifting one by one would move the whole list at every call.
      if (entries.length > 2 * kept) entries = entries.slice(-kept);
      return entry;
    },
    close(entry, outcome, refused) {
      entry.outcome = outcome;
      if (refused) refusals[outcome] = (refusals[outcome] ?? 0) + 1;
    },
    clear() {
      total = 0;
      byMethod = {};
      refusals = {};
      entries = [];
    },
  };
};
