/** How a run tells what is going on, and is ended early. */
export interface Telling {
  note: (line: string) => void;
  signal: AbortSignal | undefined;
}

export const NOTE_EVERY_MS = 15_000;
