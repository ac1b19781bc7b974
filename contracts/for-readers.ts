/** What the reference says of a field beside its JSON Schema, which has no words for it. */
export interface ForReaders {
  /** Longest duration. */
  maxDays?: number;
  unit?: 'bytes' | 'IOPS';
}

/** The key of `.meta()` that holds it; `schemas/` does not have it. */
export const FOR_READERS = 'x-readers';

export const forReaders = (words: ForReaders) => ({ [FOR_READERS]: words });
