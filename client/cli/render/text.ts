import prettyMilliseconds from 'pretty-ms';
import stringWidth from 'string-width';

/** Text from elsewhere (names, messages of a cluster) cannot move the cursor or change colours. */
export const plain = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- they are what is removed
  text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');

/** At most this many columns, with an ellipsis where something is cut. */
export function fit(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let kept = '';
  for (const character of text) {
    if (stringWidth(kept + character) > columns - 1) break;
    kept += character;
  }
  return columns <= 0 ? '' : `${kept}…`;
}

/** `2m 5s`, `3h 20m`, `12s`. */
export const duration = (ms: number): string =>
  prettyMilliseconds(Math.max(0, Math.round(ms / 1_000) * 1_000), { unitCount: 2 });

/** How long ago, in one unit: `12s`, `5m`, `3h`, `2d`. */
export const age = (ms: number): string =>
  prettyMilliseconds(Math.max(0, Math.floor(ms / 1_000) * 1_000), { compact: true });
