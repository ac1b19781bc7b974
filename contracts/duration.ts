import ms, { type StringValue } from 'ms';

/** Milliseconds of a duration such as `"30s"` or `"24h"`; `undefined` when it is not a positive one with a unit. */
export function parseDuration(text: unknown): number | undefined {
  if (typeof text !== 'string' || text.length === 0 || text.length > 40) return undefined;
  // A bare number is refused: people mean seconds, the parser means milliseconds.
  if (/^[\d.\s-]*$/.test(text)) return undefined;
  try {
    const value = ms(text as StringValue);
    return Number.isFinite(value) && value > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}
