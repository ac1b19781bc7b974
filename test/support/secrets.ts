/** Every spelling in which a secret may stand in a text, also in the midst of something longer. */
export function spellingsOf(secret: string | Buffer): string[] {
  const bytes = Buffer.from(secret);
  const text =
    typeof secret === 'string'
      ? [
          secret,
          JSON.stringify(secret).slice(1, -1),
          encodeURIComponent(secret),
          new URLSearchParams({ s: secret }).toString().slice(2),
        ]
      : [];
  return [
    ...text,
    bytes.toString('hex'),
    [...bytes].join(','),
    [...bytes].join(', '),
    ...(['base64', 'base64url'] as const).flatMap((encoding) => [0, 1, 2].map((at) => within(bytes, at, encoding))),
  ];
}

/** The characters that stand for these bytes alone, `at` bytes after the beginning of a group of three. */
function within(bytes: Buffer, at: number, encoding: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(at), bytes])
    .toString(encoding)
    .replace(/=+$/, '');
  const whole = Math.floor(((at + bytes.length) * 8) / 6);
  return text.slice(Math.ceil((at * 8) / 6), whole);
}

/** `what in where` for each secret that is found. */
export function found(
  secrets: Readonly<Record<string, string | Buffer>>,
  texts: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(secrets).flatMap(([what, secret]) => {
    const spellings = spellingsOf(secret);
    return Object.entries(texts)
      .filter(([, text]) => spellings.some((s) => text.includes(s)))
      .map(([where]) => `${what} in ${where}`);
  });
}

/** What Base64 in a text stands for, as far as it is text. */
export const unpacked = (text: string): string =>
  [...text.matchAll(/[A-Za-z0-9+/_-]{8,}={0,2}/g)]
    .map(([packed]) => Buffer.from(packed, 'base64').toString())
    .join('\n');
