/**
 * The little of DER (ITU-T X.690) that a certificate needs. By hand, because Node signs but does not issue certificates,
 * and a library for it would be by far the largest dependency of the simulator.
 */
export type Der = Buffer;

const tagged = (tag: number, ...parts: readonly Buffer[]): Der => {
  const content = Buffer.concat(parts);
  if (content.length < 128) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const digits = content.length.toString(16);
  const length = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content]);
};

export const sequence = (...parts: readonly Der[]): Der => tagged(0x30, ...parts);
export const set = (...parts: readonly Der[]): Der => tagged(0x31, ...parts);
export const boolean = (value: boolean): Der => tagged(0x01, Buffer.from([value ? 0xff : 0]));
export const octets = (value: Buffer): Der => tagged(0x04, value);
export const utf8 = (text: string): Der => tagged(0x0c, Buffer.from(text, 'utf8'));

/** A positive integer from its bytes; a leading 1 bit would make it negative, hence the zero. */
export const integer = (bytes: Buffer): Der =>
  tagged(0x02, (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);

export const bits = (value: Buffer, unusedBits = 0): Der => tagged(0x03, Buffer.from([unusedBits]), value);

/** Context-specific tag `n`: constructed around other values, or primitive over raw bytes. */
export const explicit = (n: number, ...parts: readonly Der[]): Der => tagged(0xa0 | n, ...parts);
export const implicit = (n: number, value: Buffer): Der => tagged(0x80 | n, value);

/** An object identifier in its dotted form. */
export const oid = (dotted: string): Der => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = rest.flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let high = arc >>> 7; high > 0; high >>>= 7) groups.unshift((high & 0x7f) | 0x80);
    return groups;
  });
  return tagged(0x06, Buffer.from([first * 40 + second, ...bytes]));
};

/** A date of this half century (UTCTime ends in 2049). */
export const utcTime = (ms: number): Der =>
  tagged(0x17, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`));
